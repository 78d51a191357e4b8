/**
 * The workloads of `npm run bench:codecs`. Each contender does the same work on the same chunks of 64 KiB, in the way its documentation shows for streams,
 * and its consumer looks at everything it gets (seen.js). A contender whose function is missing from the engine is left out.
 */
import { JSONParser } from '@streamparser/json';
import * as fflate from 'fflate';
import * as fzstd from 'fzstd';
import { createBLAKE3, createCRC32, createMD5, createSHA1, createSHA256, createSHA512 } from 'hash-wasm';
import * as pako from 'pako';
import Papa from 'papaparse';
import { inferSchema, initParser } from 'udsv';
import { ZSTDDecoder } from 'zstddec';
import { pipeline } from 'tidegate';
import {
  brotliCompress,
  brotliDecompress,
  csv,
  digest,
  gunzip,
  gzip,
  json,
  lines,
  ndjson,
  toDigest,
} from 'tidegate/codecs';
import { base64, hex } from './ascii.js';
import { CHUNK, chunksOf, nativeOf, readAll, runOurs } from './chunks.js';
import { zstdCompress, zstdDecompress } from 'tidegate/codecs';
import { BytesSeen, ColumnsSeen, LinesSeen, RowsSeen } from './seen.js';

const decompressed = (stream) => stream.pipeThrough(new DecompressionStream('gzip'));
const decoded = (stream) => stream.pipeThrough(new TextDecoderStream());

async function bytesOf(run) {
  const seen = new BytesSeen();
  await run((chunk) => seen.chunk(chunk));
  return seen.result();
}

const gunzips = {
  ours: ({ packed }) => bytesOf((see) => runOurs(chunksOf(packed), [gunzip()], see)),
  engine: ({ packed }) => bytesOf((see) => readAll(decompressed(nativeOf(packed)), see)),
  fflate: ({ packed }) =>
    bytesOf((see) => {
      const stream = new fflate.Gunzip(see);
      let left = packed.length;
      for (const chunk of chunksOf(packed)) stream.push(chunk, (left -= chunk.length) === 0);
    }),
  pako: ({ packed }) =>
    bytesOf((see) => {
      const stream = new pako.Inflate();
      stream.onData = see;
      let left = packed.length;
      for (const chunk of chunksOf(packed)) stream.push(chunk, (left -= chunk.length) === 0);
      if (stream.err) throw new Error(stream.msg);
    }),
};

/** In Node it is brought by node-process.mjs, as its module for pages fetches a file. */
const loadBrotliWasm = async () => globalThis.brotliWasm ?? (await import('brotli-wasm')).default;

const KNOWS_BROTLI = (() => {
  try {
    return Boolean(new DecompressionStream('brotli'));
  } catch {
    return false;
  }
})();

/** A stream of brotli-wasm, which says how much it has taken of a chunk, and whether there is more. */
async function throughBrotliWasm(chunks, stream, step, see) {
  const { BrotliStreamResultCode } = await loadBrotliWasm();
  for (const chunk of chunks) {
    for (let at = 0; ;) {
      const { buf, code, input_offset: taken } = step(chunk?.subarray(at));
      at += taken;
      if (buf.length > 0) see(buf);
      if (code !== BrotliStreamResultCode.NeedsMoreOutput) break;
    }
  }
  stream.free();
}

const unbrotlis = {
  ours: ({ brotli }) => bytesOf((see) => runOurs(chunksOf(brotli), [brotliDecompress()], see)),
  ...(KNOWS_BROTLI && {
    engine: ({ brotli }) =>
      bytesOf((see) => readAll(nativeOf(brotli).pipeThrough(new DecompressionStream('brotli')), see)),
  }),
  'brotli-wasm': ({ brotli }) =>
    bytesOf(async (see) => {
      const { DecompressStream } = await loadBrotliWasm();
      const stream = new DecompressStream();
      await throughBrotliWasm(chunksOf(brotli), stream, (chunk) => stream.decompress(chunk, CHUNK), see);
    }),
};

let zstddec;

const zstds = {
  ours: ({ zstd }) => bytesOf((see) => runOurs(chunksOf(zstd), [zstdDecompress()], see)),
  fzstd: ({ zstd }) =>
    bytesOf((see) => {
      const stream = new fzstd.Decompress(see);
      let left = zstd.length;
      for (const chunk of chunksOf(zstd)) stream.push(chunk, (left -= chunk.length) === 0);
    }),
  // It has no stream: it is given all at once, with the size, and gives all at once.
  zstddec: ({ zstd, text }) =>
    bytesOf(async (see) => {
      zstddec ??= new ZSTDDecoder();
      await zstddec.init();
      see(zstddec.decode(zstd, text.length));
    }),
};

/** Counts the bytes that a compressor gives, and hands them to the check, which unpacks them when the time has been taken. */
async function packedOf({ text }, run, unpack = decompressed) {
  const parts = [];
  await run(text, (chunk) => parts.push(chunk.slice()));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const check = () => bytesOf((see) => readAll(unpack(new Blob(parts).stream()), see));
  return { size, check };
}

const gzips = {
  ours: (data) => packedOf(data, (text, see) => runOurs(chunksOf(text), [gzip()], see)),
  engine: (data) =>
    packedOf(data, (text, see) => readAll(nativeOf(text).pipeThrough(new CompressionStream('gzip')), see)),
  fflate: (data) =>
    packedOf(data, (text, see) => {
      const stream = new fflate.Gzip({ level: 6 }, see);
      let left = text.length;
      for (const chunk of chunksOf(text)) stream.push(chunk, (left -= chunk.length) === 0);
    }),
  pako: (data) =>
    packedOf(data, (text, see) => {
      const stream = new pako.Deflate({ gzip: true, level: 6 });
      stream.onData = see;
      let left = text.length;
      for (const chunk of chunksOf(text)) stream.push(chunk, (left -= chunk.length) === 0);
    }),
};

async function brotliOf({ text }, run) {
  const parts = [];
  await run(text, (chunk) => parts.push(chunk.slice()));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const check = () => bytesOf((see) => runOurs(parts, [brotliDecompress()], see));
  return { size, check };
}

const brotlis = {
  ours: (data) => brotliOf(data, (text, see) => runOurs(chunksOf(text), [brotliCompress()], see)),
  'brotli-wasm': (data) =>
    brotliOf(data, async (text, see) => {
      const { CompressStream } = await loadBrotliWasm();
      const stream = new CompressStream(5);
      await throughBrotliWasm([...chunksOf(text), undefined], stream, (chunk) => stream.compress(chunk, CHUNK), see);
    }),
};

/** They are unpacked by fzstd, as engines have no zstd. */
const unzstd = (stream) =>
  stream.pipeThrough(
    new TransformStream({
      start(controller) {
        this.unpack = new fzstd.Decompress((chunk) => chunk.length > 0 && controller.enqueue(chunk));
      },
      transform(chunk) {
        this.unpack.push(chunk);
      },
    }),
  );

const zstdPacks = (level) => ({
  ours: (data) => packedOf(data, (text, see) => runOurs(chunksOf(text), [zstdCompress({ level })], see), unzstd),
});

const hashes = (name, create) => ({
  ours: async ({ text }) => (await pipeline(chunksOf(text), toDigest(name))).hex,
  'ours, tap': async ({ text }) => {
    const tap = digest(name);
    await runOurs(chunksOf(text), [tap], () => {});
    return tap.hex;
  },
  'hash-wasm': async ({ text }) => {
    const hasher = await create();
    for (const chunk of chunksOf(text)) hasher.update(chunk);
    return hasher.digest('hex');
  },
});

/** Lines of text in pieces, as one writes it by hand. */
function lineSplitter(see) {
  let rest = '';
  return {
    push(text) {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      for (const line of parts) see(line);
    },
    end() {
      if (rest !== '') see(rest);
    },
  };
}

async function nativeLines(bytes, see) {
  const splitter = lineSplitter(see);
  await readAll(decoded(nativeOf(bytes)), (text) => splitter.push(text));
  splitter.end();
}

const lineJobs = {
  ours: async ({ text }) => {
    const seen = new LinesSeen();
    await runOurs(chunksOf(text), [lines({ batch: true })], (batch) => {
      for (const line of batch) seen.line(line);
    });
    return seen.result();
  },
  engine: async ({ text }) => {
    const seen = new LinesSeen();
    await nativeLines(text, (line) => seen.line(line));
    return seen.result();
  },
};

const values = {
  ours: async ({ json }) => {
    const seen = new RowsSeen();
    await runOurs(chunksOf(json), [ndjson({ batch: true })], (batch) => {
      for (const value of batch) seen.object(value);
    });
    return seen.result();
  },
  engine: async ({ json }) => {
    const seen = new RowsSeen();
    await nativeLines(json, (line) => seen.object(JSON.parse(line)));
    return seen.result();
  },
};

/** The items of a document, which are rows or arrays of rows. */
const itemsOf = (name) => {
  const see = (seen, item) => {
    if (Array.isArray(item)) for (const row of item) seen.object(row);
    else seen.object(item);
  };
  return {
    ours: async ({ documents }) => {
      const seen = new RowsSeen();
      await runOurs(chunksOf(documents[name]), [json('$.items[*]', { batch: true })], (batch) => {
        for (const item of batch) see(seen, item);
      });
      return seen.result();
    },
    'ours, one by one': async ({ documents }) => {
      const seen = new RowsSeen();
      await runOurs(chunksOf(documents[name]), [json('$.items[*]')], (item) => see(seen, item));
      return seen.result();
    },
    streamparser: async ({ documents }) => {
      const seen = new RowsSeen();
      const parser = new JSONParser({ paths: ['$.items.*'], keepStack: false });
      parser.onValue = ({ value }) => see(seen, value);
      await readAll(nativeOf(documents[name]), (chunk) => parser.write(chunk));
      return seen.result();
    },
  };
};

/** Rows of text in pieces, by uDSV. */
function udsvRows(see) {
  let parser;
  return {
    push(text) {
      parser ??= initParser(inferSchema(text));
      parser.chunk(text, parser.stringArrs, see);
    },
    end: () => parser.end(),
  };
}

/** Columns of text in pieces, by uDSV: what each piece has given is handed on, so that memory stays bounded for it as well. */
function udsvColumns(see) {
  let parser;
  let columns;
  const take = (row, buffer, add) => {
    columns = buffer;
    add(buffer, row);
  };
  const give = () => {
    if (columns === undefined) return;
    see(columns[0].length, columns[0], columns[3], columns[2]);
    for (const column of columns) column.length = 0;
  };
  return {
    push(text) {
      parser ??= initParser(inferSchema(text));
      parser.chunk(text, parser.typedCols, take);
      give();
    },
    end() {
      parser.end();
      give();
    },
  };
}

async function oursRows(source, stages, options) {
  const seen = new RowsSeen();
  let first = true;
  await runOurs(source, [...stages, csv({ batch: true, ...options })], (batch) => {
    for (let row = first ? 1 : 0; row < batch.length; row++) seen.row(batch[row]);
    first = false;
  });
  return seen.result();
}

async function udsvJob(stream, taps = []) {
  const seen = new RowsSeen();
  const rows = udsvRows((row) => {
    seen.row(row);
    return true;
  });
  let unpacked = stream;
  for (const tap of taps) unpacked = unpacked.pipeThrough(tap);
  await readAll(decoded(unpacked), (text) => rows.push(text));
  rows.end();
  return seen.result();
}

const rows = {
  ours: ({ text }) => oursRows(chunksOf(text), []),
  udsv: ({ text }) => udsvJob(nativeOf(text)),
  papaparse: async ({ text }) => {
    const seen = new RowsSeen();
    let first = true;
    let rest = '';
    // It takes no pieces of text by itself but as a Node stream: whole lines are given to it, since no field here has one within.
    const parse = (part) => {
      for (const row of Papa.parse(part).data) {
        if (!first) seen.row(row);
        first = false;
      }
    };
    await readAll(decoded(nativeOf(text)), (piece) => {
      const all = rest + piece;
      const end = all.lastIndexOf('\n');
      if (end > 0) parse(all.slice(0, end));
      rest = all.slice(end + 1);
    });
    if (rest !== '') parse(rest);
    return seen.result();
  },
};

/** A tap of hash-wasm's SHA-256. */
async function sha256Tap() {
  const hasher = await createSHA256();
  const tap = new TransformStream({
    transform(chunk, controller) {
      hasher.update(chunk);
      controller.enqueue(chunk);
    },
  });
  return { tap, hex: () => hasher.digest('hex') };
}

const body = async (url) => (await fetch(url)).body;

const job = {
  ours: ({ packedUrl }) => oursRows(fetch(packedUrl), [gunzip()]),
  'ours, worker': ({ packedUrl }) => oursRows(fetch(packedUrl), [gunzip({ worker: true })], { worker: true }),
  udsv: async ({ packedUrl }) => udsvJob(decompressed(await body(packedUrl))),
};

const jobWithHash = {
  ours: async ({ packedUrl }) => {
    const tap = digest('sha-256');
    return `${await oursRows(fetch(packedUrl), [gunzip(), tap])}, ${await tap.hex}`;
  },
  'ours, worker': async ({ packedUrl }) => {
    const worker = true;
    const tap = digest('sha-256', { worker });
    return `${await oursRows(fetch(packedUrl), [gunzip({ worker }), tap], { worker })}, ${await tap.hex}`;
  },
  udsv: async ({ packedUrl }) => {
    const { tap, hex } = await sha256Tap();
    return `${await udsvJob(decompressed(await body(packedUrl)), [tap])}, ${hex()}`;
  },
};

const TYPES = { id: 'i64', city: 'dictionary', amount: 'f64' };

/** Columns whose city is a dictionary: its rows are counted by code. */
async function oursColumns(source, stages, options) {
  const seen = new ColumnsSeen();
  await runOurs(source, [...stages, csv({ header: true, columns: TYPES, ...options })], ({ length, columns }) => {
    const { codes, dictionary } = columns.city;
    seen.columns(length, columns.id, columns.amount, (see) => {
      const counts = new Uint32Array(dictionary.length);
      for (let row = 0; row < length; row++) counts[codes[row]] += 1;
      counts.forEach((count, code) => count > 0 && see(dictionary[code], count));
    });
  });
  return seen.result();
}

/** Columns whose city is text: each row's is made a string, as uDSV gives it. */
async function oursTextColumns(source) {
  const seen = new ColumnsSeen();
  const types = { ...TYPES, city: 'utf8' };
  await runOurs(source, [csv({ header: true, columns: types })], ({ length, columns: { id, city, amount } }) => {
    seen.columns(length, id, amount, (see) => {
      for (let row = 0; row < length; row++) see(city.get(row), 1);
    });
  });
  return seen.result();
}

async function udsvColumnJob(stream) {
  const seen = new ColumnsSeen();
  const columns = udsvColumns((length, ids, amounts, cities) =>
    seen.columns(length, ids, amounts, (see) => {
      for (const city of cities) see(city, 1);
    }),
  );
  await readAll(decoded(stream), (text) => columns.push(text));
  columns.end();
  return seen.result();
}

const columns = {
  ours: ({ text }) => oursColumns(chunksOf(text), []),
  'ours, utf8': ({ text }) => oursTextColumns(chunksOf(text)),
  udsv: ({ text }) => udsvColumnJob(nativeOf(text)),
};

const columnJob = {
  ours: ({ packedUrl }) => oursColumns(fetch(packedUrl), [gunzip()]),
  'ours, worker': ({ packedUrl }) => oursColumns(fetch(packedUrl), [gunzip({ worker: true })], { worker: true }),
  'udsv columns': async ({ packedUrl }) => udsvColumnJob(decompressed(await body(packedUrl))),
};

/** The same rows as `job`, of which only what the columns are asked for is looked at: what they are compared with. */
const rowColumns = {
  udsv: async ({ packedUrl }) => {
    const seen = new ColumnsSeen();
    const rows = udsvRows((row) => {
      seen.columns(1, [row[0]], [Number(row[3])], (see) => see(row[2], 1));
      return true;
    });
    await readAll(decoded(decompressed(await body(packedUrl))), (text) => rows.push(text));
    rows.end();
    return seen.result();
  },
};

export const workloads = {
  gunzip: gunzips,
  'gzip, level 6': gzips,
  brotliDecompress: unbrotlis,
  'brotli, quality 5': brotlis,
  zstd: zstds,
  'zstd, pack at level 1': zstdPacks(1),
  'zstd, pack at level 3': zstdPacks(3),
  'sha-1': hashes('sha-1', createSHA1),
  'sha-256': hashes('sha-256', createSHA256),
  'sha-512': hashes('sha-512', createSHA512),
  md5: hashes('md5', createMD5),
  blake3: hashes('blake3', createBLAKE3),
  crc32: hashes('crc32', createCRC32),
  ...base64,
  ...hex,
  lines: lineJobs,
  'csv rows': rows,
  'csv columns': columns,
  ndjson: values,
  'json, many small items': itemsOf('small'),
  'json, few large items': itemsOf('large'),
  'json, a few items behind many': itemsOf('needle'),
  'fetch, gunzip, csv rows': job,
  'fetch, gunzip, csv columns': { ...columnJob, ...rowColumns },
  'fetch, gunzip, sha-256, csv rows': jobWithHash,
};
