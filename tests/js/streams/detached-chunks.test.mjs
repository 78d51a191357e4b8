/** A chunk whose buffer was transferred before has lost its bytes: whoever is given one says so, and what to do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  chunk,
  fromMessagePort,
  pipeline,
  ReadableStream,
  toBlob,
  toBytes,
  toFetch,
  toMessagePort,
  toResponse,
  toText,
} from 'tidegate';
import { gunzip, lines } from 'tidegate/codecs';

const says = /detached.*transferred.*copy/is;

const shapes = {
  'a Uint8Array': (buffer) => new Uint8Array(buffer),
  'a DataView': (buffer) => new DataView(buffer),
  'an ArrayBuffer': (buffer) => buffer,
};
const detached = (shape) => {
  const buffer = new ArrayBuffer(4);
  const made = shapes[shape](buffer);
  structuredClone(buffer, { transfer: [buffer] });
  return made;
};
const drain = async (chunks) => {
  while (!(await chunks.next()).done);
};

const takers = {
  'a codec': (value) => pipeline([value], gunzip(), drain),
  'a codec of text': (value) => pipeline([value], lines(), drain),
  'toBytes()': (value) => toBytes([value]),
  'toText()': (value) => toText([value]),
  'toBlob()': (value) => toBlob([value]),
  'toResponse()': (value) => {
    const sink = toResponse();
    sink.response.text().catch(() => {});
    return pipeline([value], sink);
  },
  'toFetch()': (value) => pipeline([value], toFetch('http://127.0.0.1:1/', { retries: 0 })),
};

for (const [name, take] of Object.entries(takers)) {
  for (const shape of Object.keys(shapes))
    test(`${name} refuses ${shape} that is detached`, () =>
      assert.rejects(take(detached(shape)), { name: 'TypeError', message: says }));
}

test('chunk() refuses a Uint8Array that is detached, and takes an empty one', async () => {
  await assert.rejects(pipeline([detached('a Uint8Array')], chunk(2), drain), { name: 'TypeError', message: says });
  await pipeline([new Uint8Array(0)], chunk(2), drain);
});

for (const transfer of [false, true]) {
  test(`toMessagePort({ transfer: ${transfer} }) fails both sides, by that reason`, async () => {
    const { port1, port2 } = new MessageChannel();
    const receiving = assert.rejects(pipeline(fromMessagePort(port2), drain), {
      name: 'DataCloneError',
      message: says,
    });
    await assert.rejects(pipeline([detached('a Uint8Array')], toMessagePort(port1, { transfer })), {
      name: 'DataCloneError',
      message: says,
    });
    await receiving;
  });
}

describe('a byte stream tells a detached chunk from an empty one', () => {
  const enqueue = (value) => new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(value) });
  const read = (view) => new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' }).read(view);

  test('in enqueue()', () => {
    for (const shape of ['a Uint8Array', 'a DataView'])
      assert.throws(() => enqueue(detached(shape)), { name: 'TypeError', message: says });
    assert.throws(() => enqueue(new Uint8Array(0)), { name: 'TypeError', message: /empty/ });
  });

  test('in read(view)', async () => {
    await assert.rejects(read(detached('a Uint8Array')), { name: 'TypeError', message: says });
    await assert.rejects(read(new Uint8Array(0)), { name: 'TypeError', message: /empty/ });
  });
});
