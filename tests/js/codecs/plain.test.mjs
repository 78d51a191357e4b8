/** Codecs where WebAssembly is refused and nothing was brought in its place: the CommonJS build, refused, beside the ES modules, which are not. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import * as wasm from 'tidegate/codecs';
import { bytes, pieces, through } from './codec-support.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const require = createRequire(import.meta.url);
require('../../../dist/js.cjs');
const { pipeline, toArray } = require('../../../dist/index.cjs');
/** @type {typeof wasm} */
const plain = require('../../../dist/codecs.cjs');

let refusals = 0;
before(async () => {
  // Those that run as WebAssembly are compiled by now.
  for (const stage of [wasm.csv(), wasm.lines(), wasm.ndjson(), wasm.gzip()]) await through(stage, []);
  await through(wasm.gunzip({ trailing: 'ignore' }), [gzipSync('')]);
  WebAssembly.Module = /** @type {any} */ (
    function refuse() {
      refusals++;
      throw new WebAssembly.CompileError('refused');
    }
  );
});

const RUNS = { numRuns: 300 };
const REFUSED = /'wasm-unsafe-eval'.*'tidegate\/js-codecs'/;

/** All that comes out, and what the streams fail with. */
async function outcome(stage, chunks) {
  const writer = stage.writable.getWriter();
  const writing = (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  writing.catch(() => {});
  const all = [];
  try {
    for await (const chunk of stage.readable) all.push(chunk);
    await writing;
  } catch (error) {
    const { name, message, code, codec, offset, line, path } = error;
    return { all, error: { name, message, code, codec, offset, line, path } };
  }
  return { all };
}

const joined = ({ all, ...rest }) => ({ bytes: Buffer.concat(all).toString('hex'), ...rest });

async function same(make, chunks) {
  const list = [...chunks];
  assert.deepEqual(await outcome(make(plain), list), await outcome(make(wasm), list));
}

const unit = fc.constantFrom(
  'a',
  'bc',
  ',',
  ';',
  '~|',
  '~',
  '"',
  '\\',
  '\n',
  '\r',
  '\r\n',
  '#',
  'é',
  '😀',
  '\ufeff',
  '|',
);
const text = fc.array(unit, { maxLength: 60 }).map((units) => units.join(''));
const invalid = fc
  .array(
    fc.constantFrom(
      0x61,
      0x0a,
      0x2c,
      0x22,
      0xc3,
      0xa9,
      0xe2,
      0x82,
      0xf0,
      0x9f,
      0x98,
      0x80,
      0xed,
      0xff,
      0xc0,
      0xef,
      0xbb,
      0xbf,
    ),
    {
      maxLength: 40,
    },
  )
  .map((all) => Uint8Array.from(all));
const input = fc.oneof({ weight: 3, arbitrary: text.map(bytes) }, { weight: 1, arbitrary: invalid });
const size = fc.integer({ min: 1, max: 40 });

test('lines and their errors are those of the Wasm module', async () => {
  const options = fc.record(
    { fatal: fc.boolean(), ignoreBOM: fc.boolean(), maxLineBytes: fc.integer({ min: 0, max: 12 }) },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(input, size, options, (all, by, given) => same(({ lines }) => lines(given), pieces(all, by))),
    RUNS,
  );
});

test('an error behind a sequence that is no character has the offset of the input, also where the delimiter is found', () =>
  same(({ csv }) => csv({ delimiter: 'auto' }), [Uint8Array.of(195, 10, 34)]));

test('rows before an invalid sequence come before its error, also where the delimiter is found', () =>
  same(({ csv }) => csv({ delimiter: 'auto', emptyLines: 'keep', fatal: true }), [Uint8Array.of(10, 44, 10, 239, 33)]));

test('rows and their errors are those of the Wasm module', async () => {
  const options = fc.record(
    {
      delimiter: fc.constantFrom(',', ';', '~|', '~|~', 'auto', 'é'),
      quote: fc.constantFrom('"', false),
      comment: fc.constant('#'),
      lineEnd: fc.constantFrom('lf', 'any'),
      skipLines: fc.integer({ min: 0, max: 2 }),
      ragged: fc.constantFrom('error', 'keep', 'pad'),
      emptyLines: fc.constantFrom('skip', 'keep'),
      fatal: fc.boolean(),
      ignoreBOM: fc.boolean(),
      maxRowBytes: fc.integer({ min: 1, max: 30 }),
    },
    { requiredKeys: [] },
  );
  const escaped = fc.oneof(
    options,
    options.map((given) => (given.quote === false ? given : { ...given, escape: '\\' })),
  );
  await fc.assert(
    fc.asyncProperty(input, size, escaped, async (all, by, given) => {
      await same(({ csv }) => csv(given), pieces(all, by));
      if (given.delimiter === undefined) return;
      const [one, other] = [plain.csv(given), wasm.csv(given)];
      await outcome(one, pieces(all, by));
      await outcome(other, pieces(all, by));
      const of = (stage) => stage.delimiter.catch(({ message }) => message);
      assert.deepEqual(await of(one), await of(other));
    }),
    RUNS,
  );
});

test('the delimiter is not one that breaks quoted fields in the sample', async () => {
  const rows = [bytes('x,"a"b;c\n'.repeat(12))];
  await same(({ csv }) => csv({ delimiter: 'auto' }), rows);
  const stage = plain.csv({ delimiter: 'auto', quote: '"', ragged: 'keep' });
  assert.equal((await outcome(stage, rows)).all.length, 12);
  assert.equal(await stage.delimiter, ';');
});

test('values of lines of JSON and their errors are those of the Wasm module', async () => {
  const line = fc.constantFrom('{"a":1}', '[1,"é"]', ' ', '', '3', 'x', '"😀"', '\r', '\ufeff1');
  const all = fc.array(line, { maxLength: 20 }).map((lines) => bytes(lines.join('\n')));
  const options = fc.record(
    { invalid: fc.constantFrom('error', 'skip'), maxLineBytes: fc.integer({ min: 0, max: 9 }) },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(all, input), size, options, (given, by, how) =>
      same(({ ndjson }) => ndjson(how), pieces(given, by)),
    ),
    RUNS,
  );
});

test('items of a document and their errors are those of the Wasm module', async () => {
  const part = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a":',
      '"\\u0061":',
      '"é\\ud83c":',
      '\\',
      '[1,',
      '{"a":[',
      'tru',
      'true',
      'null',
    ],
    ...[
      '-1.5e+10',
      '0',
      '12',
      ' ',
      '\n',
      '"long enough for a whole block"',
      ']]',
      '}}',
      '\ufeff',
      '\t',
      '"é🌊" :',
      '[[[',
      '"\\/"',
    ],
  );
  const parts = fc.array(part, { maxLength: 25 }).map((all) => bytes(all.join('')));
  const valid = fc.json().map(bytes);
  const document = fc.oneof(parts, valid, input);
  const options = fc.record(
    {
      entries: fc.boolean(),
      batch: fc.constantFrom(true, 2),
      missing: fc.constantFrom('error', 'ignore'),
      maxItemBytes: fc.integer({ min: 0, max: 30 }),
      maxDepth: fc.integer({ min: 0, max: 4 }),
    },
    { requiredKeys: [] },
  );
  const path = fc.constantFrom('$[*]', '$.a', '$.*.a', '$.a[*]', '$[*][0]', '$.*.*', "$['é🌊']");
  await fc.assert(
    fc.asyncProperty(document, size, path, options, (given, by, at, how) =>
      same(({ json }) => json(at, how), pieces(given, by)),
    ),
    { numRuns: 1500 },
  );
  await same(({ json }) => json('$'), [bytes('{"a":[1,2]}')]);
  const long = bytes(`{"${'né'.repeat(50)}": x`);
  await same(({ json }) => json('$.*'), [long]);
});

test('rows are objects with a header, and batches', async () => {
  const rows = bytes('id,city\n1,Ulm\n2,"Den ""Haag"""\n3,Łódź\n');
  for (const by of [1, 5, 100]) {
    assert.deepEqual((await through(plain.csv({ header: true, batch: true }), pieces(rows, by))).flat(), [
      { id: '1', city: 'Ulm' },
      { id: '2', city: 'Den "Haag"' },
      { id: '3', city: 'Łódź' },
    ]);
    assert.deepEqual(await through(plain.csv({ batch: 3 }), pieces(rows, by)), [
      [
        ['id', 'city'],
        ['1', 'Ulm'],
        ['2', 'Den "Haag"'],
      ],
      [['3', 'Łódź']],
    ]);
  }
  await same(({ csv }) => csv({ encoding: 'utf-16le' }), pieces(Buffer.from('a,é\nb,😀', 'utf16le'), 3));
});

test('the files of csv-spectrum are read as the Wasm module reads them', async () => {
  const folder = join(dirname(require.resolve('csv-spectrum/package.json')), 'csvs');
  const files = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  assert.ok(files.length >= 10);
  for (const file of files)
    for (const by of [1, 7, 1000])
      await same(({ csv }) => csv({ header: true }), pieces(readFileSync(join(folder, file)), by));
});

test('a line of many pieces, and many rows, take linear time', async () => {
  const long = 'é'.repeat(400_000);
  assert.deepEqual(await through(plain.lines(), pieces(bytes(`${long}\nb`), 9)), [long, 'b']);
  const rows = Array.from({ length: 100_000 }, (_, row) => `${row},"x${row % 7}"\n`).join('');
  assert.equal((await through(plain.csv({ batch: true }), pieces(bytes(rows), 50_000))).flat().length, 100_000);
});

const story = Buffer.from(Array.from({ length: 20_000 }, (_, line) => `${line} é ${line ** 2}\n`).join(''));

test('gzip, zlib and raw deflate are unpacked by the engine', async () => {
  for (const by of [1000, 10 ** 7]) {
    const given = joined(await outcome(plain.gunzip(), pieces(gzipSync(story), by)));
    assert.deepEqual(given, { bytes: story.toString('hex') });
    assert.deepEqual(joined(await outcome(plain.inflate(), pieces(deflateSync(story), by))), given);
    assert.deepEqual(joined(await outcome(plain.inflateRaw(), pieces(deflateRawSync(story), by))), given);
  }
  const chunks = await through(plain.gunzip(), [gzipSync(Buffer.alloc(10 ** 7))]);
  assert.ok(chunks.every(({ length }) => length > 0 && length <= 65536));
});

test('what is unpacked comes out while the input is still open', async () => {
  const stage = plain.gunzip();
  const writer = stage.writable.getWriter();
  writer.write(gzipSync('text')).catch(() => {});
  const reader = stage.readable.getReader();
  assert.equal(Buffer.from((await reader.read()).value).toString(), 'text');
  await reader.cancel();
});

test('corrupt data is told while the input is still open', async () => {
  const stage = plain.gunzip();
  const writer = stage.writable.getWriter();
  writer.closed.catch(() => {});
  writer.write(bytes('no gzip at all')).catch(() => {});
  await assert.rejects(stage.readable.getReader().read(), { code: 'corrupt-data' });
});

test('a module that was refused is not compiled again by each stage', async () => {
  await outcome(plain.gunzip(), [gzipSync('a')]);
  const before = refusals;
  for (let turn = 0; turn < 3; turn++) await outcome(plain.gunzip(), [gzipSync('a')]);
  assert.equal(refusals, before);
});

test('a runtime without WebAssembly at all runs them', () => {
  const code = `
    delete globalThis.WebAssembly;
    await import('tidegate/js');
    const { pipeline, toArray } = await import('tidegate');
    const { csv, gunzip } = await import('tidegate/codecs');
    const packed = Buffer.from('${gzipSync('a,b\n1,2\n').toString('base64')}', 'base64');
    console.log(JSON.stringify(await pipeline([packed], gunzip(), csv({ header: true }), (all) => toArray(all))));`;
  const flags = ['--input-type=module', '-e', code];
  assert.equal(execFileSync(process.execPath, flags, { cwd: root, encoding: 'utf8' }), '[{"a":"1","b":"2"}]\n');
});

test('codecs in a row work as one', async () => {
  const rows = await pipeline([gzipSync('a,b\n1,"2"\n')], plain.gunzip(), plain.csv({ header: true }), (all) =>
    toArray(all),
  );
  assert.deepEqual(rows, [{ a: '1', b: '2' }]);
  const packed = await pipeline([story], plain.gzip(), plain.gunzip(), plain.lines(), plain.deflate(), (all) =>
    toArray(all),
  );
  assert.deepEqual(inflateSync(Buffer.concat(packed)), story);
});

test('all data, or an error: of several members, of bytes behind the end, of data that ends too early', async () => {
  const two = Buffer.concat([gzipSync('one'), gzipSync('two')]);
  const { all, error } = await outcome(plain.gunzip(), [two]);
  if (error === undefined) assert.equal(Buffer.concat(all).toString(), 'onetwo');
  else assert.match(error.message, /members/);
  const stages = { gunzip: gzipSync, inflate: deflateSync, inflateRaw: deflateRawSync };
  for (const [name, pack] of Object.entries(stages))
    for (const by of [1, 1000]) {
      const packed = pack(story.subarray(0, 2000));
      for (const behind of ['\0', 'abc']) {
        const chunks = [...pieces(Buffer.concat([packed, Buffer.from(behind)]), by)];
        const { code } = (await outcome(plain[name](), chunks)).error;
        assert.match(code, /^(trailing-data|corrupt-data|truncated)$/);
      }
      const cut = await outcome(plain[name](), pieces(packed.subarray(0, -1), by));
      assert.deepEqual([cut.error.code, cut.error.codec], ['truncated', name]);
      const broken = Uint8Array.from(packed);
      broken.fill(0xff, 30, 60);
      assert.equal((await outcome(plain[name](), pieces(broken, by))).error.name, 'CodecError');
    }
});

test("trailing: 'ignore' drops what follows, or says that the engine cannot", async () => {
  const packed = Buffer.concat([deflateSync('text'), Buffer.from('more')]);
  const { all, error } = await outcome(plain.inflate({ trailing: 'ignore' }), [packed]);
  if (error === undefined) assert.equal(Buffer.concat(all).toString(), 'text');
  else assert.match(error.message, /trailing.*'wasm-unsafe-eval'/);
});

test('output is bounded by maxOutputBytes and maxRatio, which is handed on first', async () => {
  const packed = gzipSync(Buffer.alloc(10 ** 6));
  const large = await outcome(plain.gunzip({ maxOutputBytes: 1000 }), [packed]);
  assert.deepEqual([Buffer.concat(large.all).length, large.error.code], [1000, 'output-too-large']);
  const high = await outcome(plain.gunzip({ maxRatio: 3 }), [packed]);
  assert.equal(high.error.code, 'ratio-too-high');
  assert.ok(Buffer.concat(high.all).length <= 65536 + 3 * packed.length);
  assert.equal((await outcome(plain.gunzip({ maxOutputBytes: 10 ** 6, maxRatio: 1032 }), [packed])).error, undefined);
});

test('the engine packs gzip, zlib and raw deflate, with the header that was asked for', async () => {
  const pack = async (stage) => Buffer.concat(await through(stage, pieces(story, 5000)));
  assert.deepEqual(inflateSync(await pack(plain.deflate())), story);
  assert.deepEqual(inflateRawSync(await pack(plain.deflateRaw())), story);
  const header = { name: 'a.txt', comment: 'é', mtime: 1_700_000_000, os: 3 };
  const packed = await pack(plain.gzip(header));
  assert.deepEqual(gunzipSync(packed), story);
  assert.deepEqual(packed.subarray(0, 18), (await pack(wasm.gzip(header))).subarray(0, 18));
  assert.deepEqual((await pack(plain.gzip())).subarray(0, 10), (await pack(wasm.gzip())).subarray(0, 10));
});

test('what needs WebAssembly fails with the directive and the other way in the error', async () => {
  const { csv, deflate, digest, gunzip, gzip } = plain;
  for (const [stage, what] of [
    [digest('sha-256'), /codecs \(digest\)/],
    [gunzip({ onHeader() {} }), /gunzip: onHeader needs/],
    [gzip({ level: 9 }), /gzip: level: 9 needs/],
    [deflate({ flushEach: true }), /deflate: flushEach needs/],
    [csv({ columns: { 0: 'f64' } }), /csv: columns, select or where needs/],
    [csv({ select: [0] }), /csv: columns, select or where needs/],
  ]) {
    const { error } = await outcome(/** @type {any} */ (stage), [bytes('a')]);
    assert.match(error.message, REFUSED);
    assert.match(error.message, what);
  }
  const stage = gzip();
  const writer = stage.writable.getWriter();
  const reading = stage.readable.getReader().read();
  await writer.write(bytes('a'));
  await assert.rejects(stage.flush(), /gzip: flush\(\) needs.*'wasm-unsafe-eval'/);
  await assert.rejects(reading);
});

test('CompressionStream and DecompressionStream of the package use those of the engine', async () => {
  const packed = Buffer.concat(await through(new plain.CompressionStream('deflate'), [story]));
  assert.deepEqual(Buffer.concat(await through(new plain.DecompressionStream('deflate'), [packed])), story);
  await assert.rejects(
    through(new plain.DecompressionStream('gzip'), [bytes('no gzip')]),
    ({ name, cause }) => name === 'TypeError' && cause.code === 'corrupt-data',
  );
  const own = globalThis.DecompressionStream;
  globalThis.DecompressionStream = /** @type {any} */ (plain.DecompressionStream);
  try {
    await assert.rejects(through(plain.gunzip(), [gzipSync('a')]), /replaced.*'wasm-unsafe-eval'/);
  } finally {
    globalThis.DecompressionStream = own;
  }
});

test('a cancel ends the engine’s stream, and nothing is read ahead of the reader', async () => {
  const stage = plain.gunzip({ highWaterMark: 0 });
  const writer = stage.writable.getWriter();
  let written = 0;
  const writing = (async () => {
    for (let turn = 0; turn < 1000; turn++) {
      await writer.write(gzipSync(Buffer.alloc(10 ** 6)).subarray(0, 500));
      written++;
    }
  })();
  writing.catch(() => {});
  const reader = stage.readable.getReader();
  assert.equal((await reader.read()).done, false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(written < 100);
  await reader.cancel('enough');
  await assert.rejects(writing, (error) => error === 'enough');
});

test('stats() has the bytes that came and went', async () => {
  const stage = plain.csv();
  await through(stage, [bytes('a,"b"\n')]);
  const { name, bytesIn, bytesOut } = stage.stats()[0];
  assert.deepEqual({ name, bytesIn, bytesOut }, { name: 'csv', bytesIn: 6, bytesOut: 4 });
});
