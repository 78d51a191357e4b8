import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ReadableStream, WritableStream, pipeline } from 'tidegate';
import { codecMemory, csv, digest, gunzip, lines } from 'tidegate/codecs';
import { bytes, isPending, pieces, through, turn } from './codec-support.mjs';

const kFuse = Symbol.for('tidegate.fuse');
const fuse = (first, ...followers) => first[kFuse](followers);
const text = Array.from({ length: 20_000 }, (_, row) => `${row},city ${row % 7}\n`).join('');
const packed = gzipSync(text);

test('pipeThrough takes codecs like any other pair', async () => {
  const source = new ReadableStream({
    start(controller) {
      for (const piece of pieces(packed, 5000)) controller.enqueue(piece);
      controller.close();
    },
  });
  const tap = digest('sha-256');
  let rows = 0;
  await source
    .pipeThrough(gunzip())
    .pipeThrough(tap)
    .pipeThrough(csv({ batch: true }))
    .pipeTo(
      new WritableStream({
        write(batch) {
          rows += batch.length;
        },
      }),
    );
  assert.equal(rows, 20_000);
  assert.equal(await tap.hex, createHash('sha256').update(text).digest('hex'));
});

test('pipeline runs neighbouring codecs as one chain with the same result', async () => {
  const stages = [gunzip(), digest('sha-256'), csv({ header: ['id', 'city'] })];
  const counts = new Map();
  await pipeline(pieces(packed, 5000), ...stages, async (rows) => {
    for await (const { city } of rows) counts.set(city, (counts.get(city) ?? 0) + 1);
  });
  assert.equal(counts.size, 7);
  assert.equal(
    [...counts.values()].reduce((sum, count) => sum + count),
    20_000,
  );
  assert.equal(await stages[1].hex, createHash('sha256').update(text).digest('hex'));
  assert.deepEqual(
    stages.map((stage) => stage.stats()[0].bytesIn),
    [packed.length, text.length, text.length],
  );
});

test('a fused pair tells the figures of every stage', async () => {
  const pair = fuse(gunzip(), digest('sha-256'), lines({ batch: true }));
  await through(pair, [packed]);
  const [first, second, third] = pair.stats();
  assert.deepEqual(first, {
    name: 'gunzip',
    bytesIn: packed.length,
    bytesOut: text.length,
    queued: 0,
    highWaterMark: 65536,
    held: 0,
  });
  assert.deepEqual([second.name, second.bytesIn, second.bytesOut], ['digest', text.length, text.length]);
  assert.deepEqual([third.name, third.bytesIn, third.bytesOut], ['lines', text.length, text.length]);
});

test('lines before csv are text with line ends again', async () => {
  assert.deepEqual(await through(fuse(lines(), csv()), [bytes('a,b\r\n1,2')]), [
    ['a', 'b'],
    ['1', '2'],
  ]);
});

test('nothing can follow csv, and no codec can be used twice', () => {
  assert.throws(() => fuse(csv(), digest('sha-256')), /csv gives rows, and digest takes bytes/);
  const used = gunzip();
  assert.ok(used.readable);
  assert.throws(() => fuse(used), /in use/);
  assert.throws(() => fuse(gunzip(), { readable: 1 }), TypeError);
});

test('an error in the middle of a fused chain counts bytes of that codec and ends both sides', async () => {
  const pair = fuse(gunzip(), csv());
  const writer = pair.writable.getWriter();
  writer.write(gzipSync('a,b\n1,2\n3\n')).catch(() => {});
  const [read, closed, close] = await Promise.allSettled([
    (async () => {
      for await (const row of pair.readable) assert.ok(row);
    })(),
    writer.closed,
    writer.close(),
  ]);
  assert.deepEqual([read.reason.codec, read.reason.code, read.reason.offset], ['csv', 'ragged-row', 8]);
  assert.equal(closed.reason, read.reason);
  assert.equal(close.reason, read.reason);
});

test('a write waits for the reader, and what is held meanwhile is bounded', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const pair = fuse(gunzip(), digest('sha-256'));
  const writer = pair.writable.getWriter();
  await writer.write(bomb.subarray(0, 20_000));
  const write = writer.write(bomb.subarray(20_000));
  assert.equal(await isPending(write), true);
  const figures = pair.stats();
  assert.ok(figures[1].bytesOut <= 3 * 65536, `${figures[1].bytesOut} bytes unpacked`);
  assert.ok(figures.every(({ queued, highWaterMark, held }) => queued <= highWaterMark && held <= 65536));
  const closing = writer.close();
  let total = 0;
  for await (const chunk of pair.readable) total += chunk.length;
  await Promise.all([write, closing]);
  assert.equal(total, 50_000_000);
});

test('rows are made only as far as they are wanted', async () => {
  const stage = csv({ highWaterMark: 3 });
  const writer = stage.writable.getWriter();
  const write = writer.write(bytes(text));
  const close = writer.close();
  await turn();
  assert.ok(stage.stats()[0].bytesIn <= 2 * 65536);
  const reader = stage.readable.getReader();
  for (let row = 0; row < 20_000; row++) assert.deepEqual((await reader.read()).value, [`${row}`, `city ${row % 7}`]);
  assert.equal((await reader.read()).done, true);
  await Promise.all([write, close]);
});

test('cancelling the readable rejects the write in progress with the reason', async () => {
  const before = codecMemory().chains;
  const pair = fuse(gunzip(), digest('sha-256'));
  const writer = pair.writable.getWriter();
  await writer.write(gzipSync(Buffer.alloc(10_000_000)));
  const write = writer.write(Uint8Array.of(1));
  const reason = new Error('enough');
  const results = Promise.allSettled([write, writer.closed]);
  await pair.readable.cancel(reason);
  for (const result of await results) assert.equal(result.reason, reason);
  assert.equal(codecMemory().chains, before);
});

test('aborting the writable fails the readable with the reason, also while a write waits', async () => {
  const before = codecMemory().chains;
  const stage = gunzip();
  const writer = stage.writable.getWriter();
  await writer.write(gzipSync(Buffer.alloc(10_000_000)));
  const write = writer.write(Uint8Array.of(1));
  const reason = new Error('enough');
  const results = Promise.allSettled([write, stage.readable.getReader().closed]);
  await writer.abort(reason);
  for (const result of await results) assert.equal(result.reason, reason);
  assert.equal(codecMemory().chains, before);
});

test('a chunk detached while it waits fails the streams rather than being read as empty', async () => {
  const stage = digest('sha-256');
  const writer = stage.writable.getWriter();
  const chunk = new Uint8Array(1_000_000);
  const write = writer.write(chunk);
  await turn();
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  const reading = (async () => {
    for await (const piece of stage.readable) assert.ok(piece);
  })();
  const [written, read] = await Promise.allSettled([write, reading]);
  assert.ok(written.reason instanceof TypeError);
  assert.equal(read.reason, written.reason);
});

test('chains are freed however they end', async () => {
  const before = codecMemory().chains;
  for (let round = 0; round < 50; round++) {
    await through(fuse(gunzip(), csv({ batch: true })), [gzipSync('a,b\n')]);
    await through(gunzip(), [bytes('no gzip')]).catch(() => {});
    const cancelled = lines();
    const writing = cancelled.writable
      .getWriter()
      .write(bytes('a\nb'))
      .catch(() => {});
    await cancelled.readable.cancel();
    await writing;
    const aborted = csv();
    const writer = aborted.writable.getWriter();
    await writer.write(bytes('a'));
    await writer.abort();
  }
  assert.equal(codecMemory().chains, before);
});

test('a consumer that returns early ends the source and frees the chain', async () => {
  const before = codecMemory().chains;
  let returned = false;
  function* source() {
    try {
      yield* pieces(packed, 1000);
    } finally {
      returned = true;
    }
  }
  const tap = digest('sha-256');
  const first = await pipeline(source(), gunzip(), tap, csv(), async (rows) => {
    for await (const row of rows) return row;
  });
  assert.deepEqual(first, ['0', 'city 0']);
  assert.equal(returned, true);
  assert.equal(codecMemory().chains, before);
  await assert.rejects(tap.digest);
});

test('an aborted pipeline rejects with the reason, as the digest does, and frees the chain', async () => {
  const before = codecMemory().chains;
  const controller = new AbortController();
  const reason = new Error('enough');
  const tap = digest('sha-256');
  let rows = 0;
  const done = pipeline(
    pieces(packed, 1000),
    gunzip(),
    tap,
    csv({ batch: 10 }),
    async (batches) => {
      for await (const batch of batches) {
        rows += batch.length;
        if (rows === 1000) controller.abort(reason);
      }
    },
    { signal: controller.signal },
  );
  await assert.rejects(done, (error) => error === reason);
  await assert.rejects(tap.hex, (error) => error === reason);
  assert.equal(codecMemory().chains, before);
});

test('a codec nobody writes to has no chain', async () => {
  const before = codecMemory().chains;
  const stages = Array.from({ length: 10 }, () => gunzip());
  for (const stage of stages) assert.ok(stage.readable);
  await turn();
  assert.equal(codecMemory().chains, before);
});

test('chains of abandoned codecs are freed when they are collected', () => {
  const program = `
    import { codecMemory, gunzip } from 'tidegate/codecs';
    const abandon = async () => {
      const writer = gunzip().writable.getWriter();
      await writer.write(Uint8Array.of(0x1f, 0x8b));
    };
    for (let round = 0; round < 200; round++) await abandon();
    const most = codecMemory().chains;
    for (let round = 0; round < 100 && codecMemory().chains > 0; round++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(most, codecMemory().chains);
  `;
  const output = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    encoding: 'utf8',
    cwd: new URL('../../..', import.meta.url),
    timeout: 60_000,
  });
  const [most, left] = output.trim().split(' ').map(Number);
  assert.ok(most > 0);
  assert.equal(left, 0);
});

test('memory does not grow with the number of codecs used', async () => {
  const use = () => through(fuse(gunzip(), digest('sha-256'), csv({ batch: true })), [packed]);
  for (let round = 0; round < 5; round++) await use();
  const { bytes: before } = codecMemory();
  for (let round = 0; round < 30; round++) await use();
  assert.equal(codecMemory().bytes, before);
});
