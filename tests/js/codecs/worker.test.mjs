/** Codecs in workers: what they give and fail with, as in the page; here in Node's worker_threads. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { constants, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { pipeline, toArray } from 'tidegate';
import * as codecs from 'tidegate/codecs';
import { bytes, failure, isPending, pieces, through, turn } from './codec-support.mjs';

const { csv, digest, gunzip, gzip, inflateRaw, json, lines, ndjson, workerPool } = codecs;
const kFuse = Symbol.for('tidegate.fuse');
const pool = workerPool({ size: 2 });
after(() => pool.close());

const text = Array.from({ length: 40_000 }, (_, row) => `${row},"city ""${row % 7}"", Zürich"\n`).join('');
const packed = gzipSync(text);
const cut = (size) => [...pieces(packed, size)];
/** The run of codecs as one pair, in a worker or not. */
const pairOf = ([first, ...followers], worker) => first[kFuse](followers, undefined, worker);
const flat = (chunks) => (chunks[0]?.columns ? chunks.flatMap(({ columns }) => [...columns.a]) : joined(chunks));
const joined = (chunks) => (chunks[0] instanceof Uint8Array ? Buffer.concat(chunks).toString() : chunks.flat());

describe('a chain in a worker gives what it gives in the page', () => {
  const runs = {
    gunzip: () => [gunzip()],
    'gunzip, digest': () => [gunzip(), digest('sha-256')],
    'gunzip, gzip, gunzip, digests': () => [gunzip(), gzip(), gunzip(), digest(['blake3', 'crc32'])],
    'gunzip, lines': () => [gunzip(), lines()],
    'gunzip, lines in batches': () => [gunzip(), lines({ batch: true })],
    'gunzip, csv': () => [gunzip(), csv()],
    'gunzip, csv as objects': () => [gunzip(), csv({ header: ['id', 'city'], batch: 100 })],
    'gunzip, digest, lines, csv': () => [gunzip(), digest('sha-256'), lines(), csv({ batch: true })],
  };
  for (const [name, stages] of Object.entries(runs)) {
    test(name, async () => {
      const expected = joined(await through(pairOf(stages()), [packed]));
      for (const size of [packed.length, 1000, 65_536])
        assert.deepEqual(joined(await through(pairOf(stages(), pool), cut(size))), expected, `cut into ${size}`);
    });
  }

  test('inflateRaw, and the headers of gunzip before the bytes of their members', async () => {
    assert.equal(joined(await through(inflateRaw({ worker: pool }), [deflateRawSync(text)])), text);
    const order = [];
    const stage = gunzip({ worker: pool, highWaterMark: 0, onHeader: ({ os }) => order.push(os) });
    const member = gzipSync('tide');
    for (const chunk of await through(stage, pieces(Buffer.concat([member, member]), 7))) order.push(chunk.length);
    assert.deepEqual(order.filter((item) => item === member[9]).length, 2);
    assert.equal(order[0], member[9]);
  });

  const amounts = bytes(
    `id,city,amount,day\n${Array.from({ length: 5000 }, (_, n) => `${n},city ${n % 7},${n / 4},2026-01-0${1 + (n % 9)}\n`).join('')}`,
  );
  const types = { id: 'i64', city: 'dictionary', amount: 'f64', day: 'timestamp' };
  /** Columns as rows, since batches may be cut elsewhere. */
  const rowsOf = (batches) =>
    batches.flatMap(({ length, columns }) =>
      Array.from({ length }, (_, row) =>
        Object.values(columns).map((column) => (column.get ? column.get(row) : column[row])),
      ),
    );
  test('the delimiter that csv has found', async () => {
    const stage = csv({ delimiter: 'auto', header: true, worker: pool });
    assert.deepEqual(await through(stage, [bytes('a;b\n1;2\n')]), [{ a: '1', b: '2' }]);
    assert.equal(await stage.delimiter, ';');
  });

  test('bytes of another encoding, behind gunzip', async () => {
    const latin = gzipSync(Buffer.from('caf\u00e9,1\n', 'latin1'));
    const stages = [gunzip(), csv({ encoding: 'windows-1252' })];
    assert.deepEqual(await through(pairOf(stages, pool), [latin]), [['café', '1']]);
  });

  for (const batch of [true, 700]) {
    test(`typed columns, batch: ${batch}`, async () => {
      const options = { header: true, columns: types, batch };
      const expected = rowsOf(await through(csv(options), [amounts]));
      assert.equal(expected.length, 5000);
      for (const size of [77, 65_536]) {
        const batches = await through(csv({ ...options, worker: pool }), pieces(amounts, size));
        assert.deepEqual(rowsOf(batches), expected);
        if (batch === 700)
          assert.deepEqual(
            batches.map(({ length }) => length),
            [...Array(7).fill(700), 100],
          );
      }
    });
  }

  test('selected fields of chosen rows', async () => {
    const options = {
      header: true,
      select: ['city', 'id'],
      where: [{ column: 'amount', op: '<', value: 10 }],
    };
    const expected = await through(csv(options), [amounts]);
    assert.equal(expected.length, 40);
    assert.deepEqual(await through(csv({ ...options, worker: pool }), pieces(amounts, 1000)), expected);
  });

  test('how many values were invalid', async () => {
    const stage = csv({ header: true, columns: { a: 'f64' }, invalid: 'null', worker: pool });
    await through(stage, [bytes('a\n1\nx\ny\n')]);
    assert.equal(stage.invalid, 2);
  });

  test('ndjson, with a reviver, which is a function of the page', async () => {
    const source = bytes('{"a":1}\n\n[2]\n'.repeat(1000));
    const reviver = (key, value) => (key === 'a' ? value + 1 : value);
    const values = await through(ndjson({ reviver, worker: pool, batch: true }), pieces(source, 77));
    assert.deepEqual(values.flat(), Array.from({ length: 1000 }, () => [{ a: 2 }, [2]]).flat());
  });

  test('json, with the names of its items', async () => {
    const source = bytes(JSON.stringify({ a: Array(1000).fill({ é: 1 }), b: { c: 2 } }));
    const entries = await through(json('$.*.*', { entries: true, worker: pool, batch: true }), pieces(source, 77));
    const expected = Array.from({ length: 1000 }, (_, key) => ({ key, value: { é: 1 } }));
    assert.deepEqual(entries.flat(), [...expected, { key: 'c', value: 2 }]);
  });

  test('strings, half a surrogate pair at the end of one included', async () => {
    assert.deepEqual(await through(lines({ worker: pool }), ['a\ud83c', '\udf0a\nb', '']), ['a🌊', 'b']);
  });

  test('one byte at a time, empty chunks between them', async () => {
    const chunks = [...gzipSync('a,b\n1,2\n')].flatMap((byte) => [Uint8Array.of(byte), new Uint8Array(0)]);
    assert.deepEqual(await through(pairOf([gunzip(), csv()], pool), chunks), [
      ['a', 'b'],
      ['1', '2'],
    ]);
  });

  test('the digest and the figures, which come from the worker', async () => {
    const stages = [gunzip({ worker: pool }), digest('sha-256'), csv({ batch: true })];
    await pipeline(cut(1000), ...stages, async (rows) => {
      for await (const row of rows) assert.ok(row);
    });
    assert.equal(await stages[1].hex, createHash('sha256').update(text).digest('hex'));
    assert.deepEqual(
      stages.map((stage) => stage.stats()[0].bytesIn),
      [packed.length, bytes(text).length, bytes(text).length],
    );
  });

  test('the columns, which are known before the first row is read', async () => {
    const stage = csv({ header: true, worker: pool });
    const all = through(stage, [bytes('a,b\n1,2\n')]);
    assert.deepEqual(await stage.columns, ['a', 'b']);
    assert.deepEqual(await all, [{ a: '1', b: '2' }]);
  });
});

describe('a chain in a worker fails as in the page', () => {
  const broken = gzipSync('a,b\n1,2\n');
  broken[broken.length - 6] ^= 1;
  const inputs = {
    'a stray quote': [() => [csv()], bytes('a,b\n1,2\n"3"x,4\n')],
    'a ragged row': [() => [csv({ batch: true })], bytes('a,b\n1,2\n3\n')],
    'a duplicate column': [() => [csv({ header: true })], bytes('a,a\n1,2\n')],
    'a wrong CRC': [() => [gunzip(), csv()], broken],
    'truncated gzip': [() => [gunzip(), lines()], packed.subarray(0, 5000)],
    'no input': [() => [gunzip()], new Uint8Array(0)],
    'no gzip': [() => [gunzip(), digest('sha-256')], bytes('text that is not packed')],
    'a line that is too long': [() => [lines({ maxLineBytes: 4 })], bytes('one\ntwo\nthree\n')],
    'invalid UTF-8': [() => [lines({ fatal: true })], Uint8Array.of(97, 10, 0xff)],
    'a value of another type': [
      () => [csv({ header: true, columns: { a: 'f64' } })],
      bytes(`a\n${'1\n'.repeat(300)}x\n2\n`),
    ],
    'a ragged row before columns': [
      () => [csv({ header: true, columns: { a: 'f64', b: 'utf8' } })],
      bytes('a,b\n1,2\n3\n'),
    ],
    'a column that is not there': [() => [csv({ header: true, columns: { c: 'f64' } })], bytes('a,b\n1,2\n')],
    'an item that is no JSON': [() => [json('$.a[*]')], bytes('{"a":[1,2,x]}')],
    'no JSON': [() => [ndjson()], bytes('1\n2\nthree\n')],
  };
  const outcome = async (pair, chunks) => {
    const given = [];
    const writer = pair.writable.getWriter();
    const written = (async () => {
      for (const chunk of chunks) await writer.write(chunk);
      await writer.close();
    })().catch(() => writer.closed.catch((error) => error));
    try {
      for await (const chunk of pair.readable) given.push(chunk);
    } catch (error) {
      assert.equal(await written, error, 'both sides fail with one object');
      const { name, message, code, codec, offset, row, column, path } = error;
      return { given: flat(given), error: { name, message, code, codec, offset, row, column, path } };
    }
    throw new Error('nothing failed');
  };
  for (const [name, [stages, input]] of Object.entries(inputs)) {
    test(`${name}: the same error, after the same output`, async () => {
      const expected = await outcome(pairOf(stages()), [input]);
      for (const size of [1, 3, input.length + 1])
        assert.deepEqual(
          await outcome(pairOf(stages(), pool), [...pieces(input, Math.max(size, input.length >> 6))]),
          expected,
        );
    });
  }

  test('gzip that is cut anywhere', async () => {
    const short = gzipSync('one\ntwo\nthree\n');
    for (let length = 0; length < short.length; length++) {
      const [here, there] = await Promise.all(
        [undefined, pool].map((worker) => outcome(pairOf([gunzip(), lines()], worker), [short.subarray(0, length)])),
      );
      assert.deepEqual(there, here);
    }
  });

  test('a chunk that is not bytes fails it after what came before', async () => {
    const { given, error } = await outcome(lines({ worker: pool }), [bytes('one\ntwo\n'), 3]);
    assert.deepEqual(given, ['one', 'two']);
    assert.match(error.message, /^lines: chunks must be strings or bytes/);
  });

  test('where the columns are wrong, their promise rejects', async () => {
    const stage = csv({ header: true, worker: pool });
    const error = await failure(stage, [bytes('a,a\n')]);
    await assert.rejects(stage.columns, (reason) => reason === error);
  });
});

describe('backpressure', () => {
  const endless = function* () {
    for (;;) yield new Uint8Array(65_536).fill(10);
  };

  test('what nobody reads is not taken beyond the windows', async () => {
    const stage = digest('sha-256', { worker: pool });
    const writer = stage.writable.getWriter();
    let written = 0;
    (async () => {
      for (const chunk of endless()) {
        await writer.write(chunk);
        written += chunk.length;
      }
    })().catch(() => {});
    for (let n = 0; n < 100; n++) await turn();
    const before = written;
    for (let n = 0; n < 50; n++) await turn();
    assert.equal(written, before);
    assert.ok(written <= 2 ** 20 + 2 ** 18 + 4 * 65_536, `${written}`);
    await writer.abort(new Error('enough'));
  });

  test('a reader that stops and goes on misses nothing', async () => {
    const pair = pairOf([gunzip(), lines({ batch: 7 })], pool);
    let seen = 0;
    await Promise.all([
      (async () => {
        const writer = pair.writable.getWriter();
        for (const chunk of cut(700)) await writer.write(chunk);
        await writer.close();
      })(),
      (async () => {
        for await (const batch of pair.readable) {
          seen += batch.length;
          if (seen % 500 === 0) await turn();
        }
      })(),
    ]);
    assert.equal(seen, 40_000);
  });

  test('a chunk belongs to its owner: it is not detached, and may be changed once it is written', async () => {
    const stage = gunzip({ worker: pool });
    const all = through(
      { readable: stage.readable, writable: stage.writable },
      (function* () {
        const chunk = new Uint8Array(1000);
        for (const piece of pieces(packed, 1000)) {
          chunk.set(piece);
          yield chunk.subarray(0, piece.length);
        }
      })(),
    );
    assert.equal(Buffer.concat(await all).toString(), text);
  });
});

describe('teardown', () => {
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(bytes('a,b\n'.repeat(1000))) });
  const runs = () => [lines({ worker: pool }), csv({ batch: true })];

  test('the signal ends a pipeline in a worker at once', async () => {
    const controller = new AbortController();
    const seen = pipeline(
      endless,
      ...runs(),
      async (rows) => {
        for await (const row of rows) controller.abort(new Error(row && 'no more'));
      },
      { signal: controller.signal },
    );
    await assert.rejects(seen, /no more/);
  });

  test('an error of the source is the error of the pipeline', async () => {
    const source = (function* () {
      yield bytes('a,b\n');
      throw new Error('no source');
    })();
    await assert.rejects(
      pipeline(source, ...runs(), async (rows) => {
        for await (const row of rows) assert.ok(row);
      }),
      /no source/,
    );
  });

  test('a cancel before the worker is there is no fault', async () => {
    const own = workerPool({ size: 1 });
    const stage = gunzip({ worker: own });
    const reader = stage.readable.getReader();
    const writer = stage.writable.getWriter();
    const write = writer.write(packed);
    await reader.cancel('enough');
    await Promise.allSettled([write]);
    await assert.rejects(writer.closed, (reason) => reason === 'enough');
    own.close();
  });

  test('a worker that ends at any moment fails its chains, and the next ones get another', async () => {
    const workers = [];
    const url = new URL('../../../dist/codec-worker.js', import.meta.url);
    const own = workerPool({ size: 1, workerFactory: () => workers[workers.push(new Worker(url)) - 1] });
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)); // prettier-ignore
    for (let n = 0; n < 12; n++) {
      const chains = Array.from({ length: 3 }, () => failure(csv({ worker: own, batch: true }), endlessChunks()));
      await wait(n * 7);
      while (own.workers === 0) await turn();
      await workers.at(-1).terminate();
      for (const error of await Promise.all(chains)) {
        assert.equal(error.name, 'CodecError');
        assert.equal(error.code, 'worker-lost');
        assert.match(error.message, /^csv: its worker (has ended|did not start)/);
      }
    }
    assert.deepEqual(await through(lines({ worker: own }), ['a\nb']), ['a', 'b']);
    assert.equal(workers.length, 13);
    own.close();
  });

  test('a pool that is closed fails its chains, and those that come later', async () => {
    const own = workerPool({ size: 1 });
    const chain = failure(lines({ worker: own }), endlessChunks());
    while (own.workers === 0) await turn();
    own.close();
    assert.match((await chain).message, /its pool was closed/);
    assert.match((await failure(lines({ worker: own }), ['a'])).message, /^lines: its pool of workers is closed/);
  });

  test('a worker whose file is not there is an error that says what to do', async () => {
    const own = workerPool({ workerFactory: () => new Worker(new URL('nowhere.js', import.meta.url)) });
    const error = await failure(gunzip({ worker: own }), [packed]);
    assert.equal(error.code, 'worker-lost');
    assert.match(error.message, /did not start .*worker-src 'self'.*workerFactory/);
    assert.equal(own.workers, 0);
  });

  test('a factory that throws fails the codec', async () => {
    const own = workerPool({
      workerFactory() {
        throw new Error('not here');
      },
    });
    assert.match((await failure(gunzip({ worker: own }), [packed])).message, /not here/);
  });
});

function* endlessChunks() {
  for (;;) {
    yield bytes('a,b\n'.repeat(1000));
  }
}

describe('a pool', () => {
  test('has a worker for each codec up to its size, and no more', async () => {
    const own = workerPool({ size: 2 });
    assert.equal(own.workers, 0);
    const all = Array.from({ length: 5 }, () => through(pairOf([gunzip(), lines({ batch: true })], own), cut(3000)));
    const results = await Promise.all(all);
    assert.equal(own.workers, 2);
    for (const chunks of results) assert.equal(chunks.flat().length, 40_000);
    own.close();
  });

  test('lets a short job finish while a long one runs in the same worker', async () => {
    const own = workerPool({ size: 1 });
    const controller = new AbortController();
    let rows = 0;
    const long = pipeline(
      endlessChunks(),
      csv({ batch: true }),
      async (batches) => {
        for await (const batch of batches) rows += batch.length;
      },
      { signal: controller.signal, worker: own },
    );
    long.catch(() => {});
    while (rows === 0) await turn();
    for (let n = 0; n < 5; n++) assert.deepEqual(await through(lines({ worker: own }), ['a\nb']), ['a', 'b']);
    const before = rows;
    while (rows === before) await turn();
    controller.abort();
    await assert.rejects(long);
    own.close();
  });

  test('ends a worker that has been idle', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const own = workerPool({ size: 1 });
    await through(lines({ worker: own }), ['a']);
    assert.equal(own.workers, 1);
    t.mock.timers.tick(9999);
    assert.equal(own.workers, 1);
    t.mock.timers.tick(1);
    assert.equal(own.workers, 0);
    await through(lines({ worker: own }), ['a']);
    assert.equal(own.workers, 1);
    own.close();
  });

  test('refuses options that have no meaning', () => {
    assert.throws(() => workerPool({ size: 0 }), /workerPool\(\): size must be a whole number from 1 to 64/);
    assert.throws(() => workerPool({ sizes: 1 }), /there is no option 'sizes'/);
    assert.throws(() => workerPool({ workerFactory: 1 }), /workerFactory must be a function/);
    assert.throws(() => gunzip({ worker: 1 }), /^TypeError: gunzip: worker must be true, false or a workerPool\(\)/);
  });

  test('is refused by pipeline() if it is none', async () => {
    const sink = () => {};
    await assert.rejects(
      pipeline(['a'], lines(), sink, { worker: 'yes' }),
      /options.worker must be true, false or a workerPool/,
    );
    await assert.rejects(pipeline(['a'], lines(), sink, { worker: { close() {} } }), /of this copy of tidegate/);
  });

  test('runs codecs in a row as one chain, so two pools in a row are refused', async () => {
    const own = workerPool();
    const stages = [gunzip({ worker: own }), lines({ worker: pool })];
    await assert.rejects(
      pipeline([packed], ...stages, () => {}),
      /gunzip and lines have different pools/,
    );
  });
});

describe('nothing is left out', () => {
  test('every family of codecs is in the worker', () => {
    const families = new URL('../../../js/codecs/families/', import.meta.url);
    const read = (name) => readFileSync(new URL(`../worker/${name}.ts`, families), 'utf8');
    const source = read('codecs');
    const given = read('given');
    // Text is decoded on the page's thread.
    for (const file of readdirSync(families).filter((name) => name !== 'encoding.ts'))
      assert.ok(
        source.includes(`families/${file.replace('.ts', '.js')}`) ||
          given.includes(`build/${file.replace('.ts', '').replace('-', '_')}/`),
        file,
      );
  });

  test('every codec has the option', () => {
    const others = new Set(['CodecError', 'codecMemory', 'decodeText', 'installCompression', 'toDigest', 'workerPool']);
    const first = { digest: ['sha-256'], json: ['$'] };
    for (const [name, make] of Object.entries(codecs)) {
      if (others.has(name) || /^[A-Z]/.test(name)) continue;
      const withOption = () => make(...(first[name] ?? []), { worker: 1 });
      assert.throws(withOption, /worker must be true, false or a workerPool\(\)/, name);
    }
  });
});

describe('a process of Node', () => {
  const run = (code, ...flags) =>
    execFileSync(
      process.execPath,
      [
        ...flags,
        '--input-type=module',
        '-e',
        `import { lines, csv, workerPool, digest } from 'tidegate/codecs';\n${code}`,
      ],
      {
        cwd: new URL('../../..', import.meta.url),
        timeout: 30_000,
      },
    ).toString();

  test('ends while a pool has idle workers', () => {
    assert.equal(
      run(`const stage = lines({ worker: true });
        stage.writable.getWriter().write('a\\nb\\n');
        console.log((await stage.readable.getReader().read()).value);`),
      'a\n',
    );
  });

  test('lives while a read waits for a worker', () => {
    assert.equal(
      run(`const stage = lines({ worker: true, batch: true }); const writer = stage.writable.getWriter();
        writer.write('a\\n'); writer.close();
        stage.readable.getReader().read().then(({ value }) => console.log(value.length));`),
      '1\n',
    );
  });

  test('frees a chain that is forgotten, and so lets its worker end', () => {
    const out = run(
      `const later = globalThis.setTimeout;
      globalThis.setTimeout = (job, ms) => later(job, ms === 10_000 ? 1 : ms);
      const pool = workerPool({ size: 1 });
      const forget = async () => {
        const stage = digest('sha-256', { worker: pool });
        await stage.writable.getWriter().write(new Uint8Array(1000));
        await stage.readable.getReader().read();
      };
      for (let n = 0; n < 20; n++) await forget();
      const began = pool.workers;
      for (let n = 0; n < 100 && pool.workers > 0; n++) {
        globalThis.gc();
        await new Promise((resolve) => later(resolve, 20));
      }
      console.log(began, pool.workers);`,
      '--expose-gc',
    );
    assert.equal(out, '1 0\n');
  });
});

test('pending reads stay pending while nothing is written', async () => {
  const stage = lines({ worker: pool });
  const reader = stage.readable.getReader();
  assert.ok(await isPending(reader.read()));
  await reader.cancel();
});

test('a flush reaches the codecs in a worker, and resolves when the reader can have what they held back', async () => {
  for (const flushEach of [false, true]) {
    const stage = gzip({ worker: pool, flushEach });
    const parts = [];
    const reading = (async () => {
      for await (const part of stage.readable) parts.push(part);
    })();
    const writer = stage.writable.getWriter();
    let expected = '';
    for (const piece of ['one', text, 'two']) {
      const writing = writer.write(bytes(piece));
      if (flushEach) await writing;
      else await stage.flush();
      await turn();
      expected += piece;
      const unpacked = gunzipSync(Buffer.concat(parts), { finishFlush: constants.Z_SYNC_FLUSH });
      assert.ok(unpacked.toString() === expected, `flushEach: ${flushEach}, ${unpacked.length} bytes`);
    }
    await writer.close();
    await reading;
    assert.ok(gunzipSync(Buffer.concat(parts)).toString() === expected);
  }
});

test('a worker whose script is another and never answers fails its codecs within a minute', async (t) => {
  const threads = [];
  const workerFactory = () => {
    threads.push(new Worker('setInterval(() => {}, 1000)', { eval: true }));
    return threads.at(-1);
  };
  t.mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const failed = pipeline([bytes('a')], lines(), toArray, { worker: workerPool({ workerFactory }) }).catch(
      (error) => error,
    );
    while (threads.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(59_000);
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(1000);
    const error = await failed;
    assert.equal(error.code, 'worker-lost');
    assert.match(error.message, /^lines: its worker did not start \(it has not answered for 60 seconds\)/);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
});
