/** What a codec gives before a fault: everything, however the input was cut and however slow the reader is. Then it fails. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ReadableStream, WritableStream, pipeline } from 'tidegate';
import { codecMemory, csv, digest, gunzip, lines } from 'tidegate/codecs';
import { bytes, isPending, turn } from './codec-support.mjs';

const kFuse = Symbol.for('tidegate.fuse');
const fuse = (first, ...followers) => (followers.length === 0 ? first : first[kFuse](followers));

/** What comes out of a pair, and what its reader, its writer and its close fail with. */
async function outcome(pair, chunks, pause = () => {}) {
  const writer = pair.writable.getWriter();
  const closed = writer.closed.then(
    () => undefined,
    (error) => error,
  );
  (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })().catch(() => {});
  const given = [];
  let failed;
  try {
    for await (const chunk of pair.readable) {
      given.push(chunk);
      await pause();
    }
  } catch (error) {
    failed = error;
  }
  assert.equal(await closed, failed, 'both sides fail with one object');
  return { given, code: failed?.code, offset: failed?.offset, name: failed?.name };
}

const cuts = (input) =>
  Array.from({ length: input.length + 1 }, (_, at) => [input.subarray(0, at), input.subarray(at)]).concat([
    [input],
    [...input].map((byte) => Uint8Array.of(byte)),
  ]);

const broken = (text) => {
  const packed = gzipSync(text);
  packed[packed.length - 8] ^= 1;
  return packed;
};
const rows = [
  ['a', 'b'],
  ['1', '2'],
  ['3', '4'],
];
const good = 'a,b\n1,2\n3,4\n';
const cases = [
  ['csv', () => [csv()], bytes(`${good}5\n6,7\n`), rows, 'ragged-row'],
  ['csv in batches', () => [csv({ batch: true })], bytes(`${good}5\n6,7\n`), rows, 'ragged-row'],
  ['csv in batches of two', () => [csv({ batch: 2 })], bytes(`${good}5,"6\n`), rows, 'unclosed-quote'],
  ['csv in batches of a thousand', () => [csv({ batch: 1000 })], bytes(`${good}"5"x,6\n`), rows, 'stray-quote'],
  ['csv with a short queue', () => [csv({ highWaterMark: 1 })], bytes(`${good}5\n`), rows, 'ragged-row'],
  ['csv without a queue', () => [csv({ highWaterMark: 0 })], bytes(`${good}5\n`), rows, 'ragged-row'],
  ['csv with an endless queue', () => [csv({ highWaterMark: Infinity })], bytes(`${good}5\n`), rows, 'ragged-row'],
  [
    'csv as objects',
    () => [csv({ header: true })],
    bytes(`${good}5\n`),
    [
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ],
    'ragged-row',
  ],
  ['lines', () => [lines({ maxLineBytes: 8 })], bytes('one\r\ntwo\nthis is long\n'), ['one', 'two'], 'too-long'],
  [
    'lines in batches',
    () => [lines({ fatal: true, batch: 3 })],
    Uint8Array.of(97, 10, 98, 10, 0xff, 10),
    ['a', 'b'],
    'invalid-utf8',
  ],
  ['gunzip', () => [gunzip()], broken('every byte'), [...bytes('every byte')], 'crc-mismatch'],
  [
    'gunzip and digest',
    () => [gunzip(), digest('sha-256')],
    broken('every byte'),
    [...bytes('every byte')],
    'crc-mismatch',
  ],
  ['gunzip and csv', () => [gunzip(), csv()], broken(good), rows, 'crc-mismatch'],
  ['gunzip, lines and csv', () => [gunzip(), lines(), csv({ batch: 2 })], broken(good), rows, 'crc-mismatch'],
  [
    'gunzip, lines and csv, the fault in csv',
    () => [gunzip(), lines(), csv()],
    broken(`${good}5\n`),
    rows,
    'ragged-row',
  ],
  [
    'gunzip, lines and csv, the fault in lines',
    () => [gunzip(), lines({ maxLineBytes: 8 }), csv()],
    gzipSync(`${good}5,67890123\n`),
    rows,
    'too-long',
  ],
];

describe('everything before a fault is given, wherever the input is cut', () => {
  for (const [name, stages, input, expected, code] of cases) {
    test(name, async () => {
      const { chains } = codecMemory();
      let offset;
      for (const chunks of cuts(input)) {
        const told = await outcome(fuse(...stages()), chunks);
        const flat = told.given.flatMap((chunk) =>
          chunk instanceof Uint8Array ||
          typeof chunk[0] === 'object' ||
          (name.includes('lines in batches') && Array.isArray(chunk))
            ? [...chunk]
            : [chunk],
        );
        assert.deepEqual([flat, told.code], [expected, code], `cut after ${chunks[0].length}`);
        assert.equal(told.offset, (offset ??= told.offset));
      }
      assert.equal(codecMemory().chains, chains);
    });
  }
});

test('many batches before a fault are given to a slow reader, and the rows that fill none', async () => {
  const text = Array.from({ length: 3000 }, (_, row) => `${row},x\n`).join('');
  let read = 0;
  const { given, code } = await outcome(csv(), [bytes(`${text}oops\n`)], () =>
    read++ % 300 === 0 ? turn() : undefined,
  );
  assert.deepEqual([given.length, given.at(-1), code], [3000, ['2999', 'x'], 'ragged-row']);
  const batched = await outcome(csv({ batch: 700 }), [bytes(`${text}oops\n`)], turn);
  assert.deepEqual(
    batched.given.map((batch) => batch.length),
    [700, 700, 700, 700, 200],
  );
});

test('a chunk that is no bytes fails the streams after everything written before it', async () => {
  for (const stage of [csv(), csv({ batch: 10 }), csv({ highWaterMark: 1 })]) {
    const { given, name } = await outcome(stage, [bytes(good), 5], turn);
    assert.deepEqual([given.flat().flat().length, name], [6, 'TypeError']);
  }
});

test('a chunk that is detached while it is read fails the streams after what was read of it', async () => {
  const stage = csv();
  const writer = stage.writable.getWriter();
  const chunk = bytes('a,b\n'.repeat(100_000));
  const writing = writer.write(chunk).catch((error) => error);
  await turn();
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  let count = 0;
  const failed = await (async () => {
    for await (const row of stage.readable) count += row.length;
  })().catch((error) => error);
  assert.match(failed.message, /^csv: a chunk's buffer is detached/);
  assert.equal(await writing, failed);
  assert.ok(count > 30_000, `${count}`);
});

describe('through a pipe into a slow sink', () => {
  const text = `${Array.from({ length: 1000 }, (_, row) => `${row},x\n`).join('')}oops\n`;
  const sink = (into, highWaterMark) =>
    new WritableStream(
      {
        async write(row) {
          if (into.length % 100 === 0) await turn();
          into.push(row[0]);
        },
      },
      { highWaterMark },
    );
  const expected = Array.from({ length: 1000 }, (_, row) => `${row}`);

  for (const mark of [1, 16]) {
    test(`pipeTo writes every row before it aborts the sink, whose high-water mark is ${mark}`, async () => {
      const into = [];
      await assert.rejects(
        ReadableStream.from([bytes(text)])
          .pipeThrough(csv())
          .pipeTo(sink(into, mark)),
        { code: 'ragged-row' },
      );
      assert.deepEqual(into, expected);
    });
  }

  test('pipeline does so with its sink', async () => {
    const into = [];
    await assert.rejects(pipeline([bytes(text)], csv(), sink(into, 1)), { code: 'ragged-row' });
    assert.deepEqual(into, expected);
  });

  test('pipeline gives every row to a slow function', async () => {
    const into = [];
    await assert.rejects(
      pipeline([gzipSync(text)], gunzip(), lines(), csv(), async (all) => {
        for await (const [id] of all) {
          if (into.length % 100 === 0) await turn();
          into.push(id);
        }
      }),
      { code: 'ragged-row' },
    );
    assert.deepEqual(into, expected);
  });
});

test('an abort and a cancel do not wait for the reader, also while a fault does', async () => {
  for (const end of ['abort', 'cancel']) {
    const stage = csv();
    const writer = stage.writable.getWriter();
    const write = writer.write(bytes(`${good}oops\n`)).catch((error) => error);
    const closing = writer.close().catch((error) => error);
    assert.equal(await isPending(closing), true, 'the reader has taken nothing');
    const reason = new Error('enough');
    // The standard rejects an abort during a close that fails.
    if (end === 'abort') await writer.abort(reason).catch((error) => assert.equal(error, reason));
    else await stage.readable.cancel(reason);
    assert.equal(await closing, reason);
    await write;
  }
});

test('a refusal names the codec, what came and what to do', async () => {
  const shared = new SharedArrayBuffer(4);
  const gone = bytes('gone');
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  for (const [chunk, message] of [
    [
      'text',
      /^gunzip: chunks must be bytes, an ArrayBuffer or a view of one; got string\. Encode strings first: put new TextEncoderStream\(\) before the codec$/,
    ],
    [5, /^gunzip: chunks must be bytes, an ArrayBuffer or a view of one; got number$/],
    [[bytes('a'), bytes('b')], /; got an array\. If its elements are bytes, put flatten\(\) before the codec$/],
    [shared, /^gunzip: chunks must not be in a SharedArrayBuffer.*copy the bytes first/],
    [new Uint8Array(shared), /^gunzip: chunks must not be in a SharedArrayBuffer.*copy the bytes first/],
    [gone, /^gunzip: a chunk's buffer is detached/],
    [gone.buffer, /^gunzip: a chunk's buffer is detached/],
  ]) {
    const writer = fuse(gunzip(), csv()).writable.getWriter();
    await assert.rejects(writer.write(chunk), { name: 'TypeError', message });
  }
});
