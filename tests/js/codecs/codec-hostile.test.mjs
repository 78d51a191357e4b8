/** Codecs against chunks that change under them, options that change later, and input made to cost far more than it has bytes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { csv, gunzip, lines } from 'tidegate/codecs';
import { bytes, failure, through } from './codec-support.mjs';
import { within } from '../pipeline/pipeline-parts.mjs';

test('a resizable buffer that shrinks while its write waits fails the streams, and does not block the thread', async () => {
  // In a process of its own: a thread that is blocked cannot time its test out.
  const program = `
    import { digest } from 'tidegate/codecs';
    const buffer = new ArrayBuffer(400_000, { maxByteLength: 400_000 });
    const stage = digest('sha-256');
    const reader = stage.readable.getReader();
    const write = stage.writable.getWriter().write(buffer);
    await reader.read();
    buffer.resize(10);
    const read = (async () => { while (!(await reader.read()).done); })();
    const [written, ended] = await Promise.allSettled([write, read]);
    console.log(written.reason === ended.reason && String(written.reason));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 60_000,
  });
  assert.match(stdout, /^TypeError: digest: a chunk's buffer is detached/);
});

if (ArrayBuffer.prototype.resize !== undefined) {
  test('a view whose resizable buffer has shrunk below it is refused, and not taken for an empty chunk', async () => {
    for (const make of [
      (buffer) => new Uint8Array(buffer, 4, 4),
      (buffer) => new Uint8Array(buffer, 4),
      (buffer) => new Float64Array(buffer, 0, 1),
      (buffer) => new DataView(buffer, 4, 4),
    ]) {
      const buffer = new ArrayBuffer(8, { maxByteLength: 8 });
      const view = make(buffer);
      buffer.resize(2);
      const error = await failure(lines(), [bytes('a\n'), view, bytes('b\n')]);
      assert.match(String(error), /^TypeError: lines: a chunk's buffer is detached/);
    }
  });
}

test('a chunk that claims to be endless fails both streams, or is what it is', async () => {
  const error = await within(5000, failure(lines(), [{ byteLength: Infinity }]));
  assert.match(String(error), /^TypeError: lines: chunks must be strings or bytes/);
  const chunk = Object.defineProperty(bytes('a\n'), 'byteLength', { value: Infinity });
  const refused = await within(
    5000,
    through(lines(), [chunk]).then(
      (all) => assert.deepEqual(all, ['a']),
      (reason) => assert.ok(reason instanceof TypeError),
    ),
  );
  assert.equal(refused, undefined);
});

test('names given as header are those of the call, whatever becomes of the array', async () => {
  const header = ['a', 'b'];
  const stage = csv({ header });
  header.push('c');
  header[0] = 'x';
  assert.deepEqual(await through(stage, [bytes('1,2\n3,4\n')]), [
    { a: '1', b: '2' },
    { a: '3', b: '4' },
  ]);
});

test('names given as header are read once, so what was checked is what is used', async () => {
  let reads = 0;
  const header = new Proxy(['a', 'b'], {
    get: (target, key) => (key === 'length' && (reads += 1) > 1 ? 3 : target[key]),
  });
  let stage;
  try {
    stage = csv({ header });
  } catch (error) {
    assert.ok(error instanceof TypeError);
    return;
  }
  assert.deepEqual(await through(stage, [bytes('1,2\n')]), [{ a: '1', b: '2' }]);
});

for (const [what, rest] of [
  ['begin as a member does', [0x1f, 0x00, 0x01]],
  ['are one that begins as a member does', [0x1f]],
]) {
  test(`bytes behind the last member that ${what} are dropped with trailing: 'ignore', wherever they are split`, async () => {
    const packed = Uint8Array.from([...gzipSync('hi'), ...rest]);
    for (let at = 0; at <= packed.length; at += 1) {
      const pieces = [packed.subarray(0, at), packed.subarray(at)];
      assert.equal((await through(gunzip({ trailing: 'ignore' }), pieces)).map(String).join(), '104,105');
    }
  });
}

for (const batch of [false, true, 10_000]) {
  test(`rows padded to a wide header hold little, however few bytes they come in: batch ${batch}`, async () => {
    const width = 100_000;
    const text = `${Array.from({ length: width }, (_, at) => at.toString(36)).join(',')}\n${'x\n'.repeat(20_000)}`;
    const stage = csv({ header: true, rows: 'arrays', ragged: 'pad', batch });
    const writer = stage.writable.getWriter();
    writer.closed.catch(() => {});
    writer.write(bytes(text)).catch(() => {});
    const reader = stage.readable.getReader();
    const { value: first } = await reader.read();
    const before = process.memoryUsage().heapUsed;
    const second = batch ? (await reader.read()).value[0] : (await reader.read()).value;
    assert.equal(second.length, width);
    assert.ok(batch ? first.length * width <= 2 ** 20 : first.length === width);
    assert.ok(process.memoryUsage().heapUsed - before < 300e6);
    await reader.cancel();
  });
}

test('padded rows of a wide header all come, and a fault behind them too', async () => {
  const width = 50_000;
  const names = Array.from({ length: width }, (_, at) => `c${at}`);
  const text = `${names.join(',')}\n${'x,y\n'.repeat(50)}"`;
  for (const batch of [false, true, 7]) {
    const stage = csv({ header: true, rows: 'arrays', ragged: 'pad', batch });
    const writer = stage.writable.getWriter();
    writer.closed.catch(() => {});
    writer.write(bytes(text)).catch(() => {});
    writer.close().catch(() => {});
    let rows = 0;
    await assert.rejects(
      async () => {
        for await (const chunk of stage.readable) {
          for (const row of batch ? chunk : [chunk]) {
            assert.equal(row.length, width);
            assert.deepEqual(row.slice(0, 3), ['x', 'y', '']);
            rows += 1;
          }
        }
      },
      { code: 'unclosed-quote' },
    );
    assert.equal(rows, 50);
  }
});

test('columns without a name cost nothing where they are left out', async () => {
  const cost = async (width) => {
    const text = bytes(`a${','.repeat(width)}\n${'x\n'.repeat(20_000)}`);
    const began = performance.now();
    const rows = await through(csv({ header: true, emptyNames: 'skip', ragged: 'pad', batch: true }), [text]);
    assert.equal(rows.flat().length, 20_000);
    return performance.now() - began;
  };
  await cost(1);
  assert.ok((await cost(100_000)) < 10 * (await cost(1)) + 500);
});

test('rows of many columns become objects in a few times the work of arrays', async () => {
  const [width, count] = [100_000, 10];
  const names = Array.from({ length: width - 2 }, (_, at) => `c${at}`);
  const text = bytes(`${[...names, '__proto__', '7'].join(',')}\n${`${','.repeat(width - 2)}p,q\n`.repeat(count)}`);
  const work = async (rows, ragged) => {
    const { user } = process.cpuUsage();
    const [first] = await through(csv({ header: true, rows, ragged, batch: true }), [text]);
    return [process.cpuUsage().user - user, first[0]];
  };
  for (const ragged of ['error', 'keep', 'pad']) {
    const [arrays, fields] = await work('arrays', ragged);
    const [objects, row] = await work('objects', ragged);
    assert.deepEqual(
      [Object.keys(row).length, row.c0, row['7'], Object.getPrototypeOf(row)],
      [width, '', 'q', Object.prototype],
    );
    assert.deepEqual([fields.length, Object.getOwnPropertyDescriptor(row, '__proto__').value], [width, 'p']);
    assert.ok(
      objects < 11 * arrays,
      `objects took ${(objects / arrays).toFixed(1)} times the work of arrays (${ragged})`,
    );
  }
});

test('text that is all invalid costs a few times what valid text costs', async () => {
  const work = async (byte) => {
    const text = new Uint8Array(2e6).fill(byte);
    for (let at = 99; at < text.length; at += 100) text[at] = 0x0a;
    const { user } = process.cpuUsage();
    assert.equal((await through(lines({ batch: true }), [text])).flat().length, 20_000);
    return process.cpuUsage().user - user;
  };
  await work(0x61);
  const invalid = await work(0xe9);
  // The count of a system may be in steps of ten milliseconds, in which that of valid text is none.
  const valid = Math.max(await work(0x61), 5000);
  assert.ok(invalid < 100 * valid, `${(invalid / valid).toFixed(1)} times the work`);
});
