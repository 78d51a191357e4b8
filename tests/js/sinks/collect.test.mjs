/** toArray, toBytes, toText, toJSON and toBlob. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { toArray, toBlob, toBytes, toJSON, toText } from 'tidegate';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

const encode = (text) => new TextEncoder().encode(text);

test('toArray keeps every chunk of whatever a pipeline may start with', async () => {
  assert.deepEqual(await toArray([1, Promise.resolve(2)]), [1, 2]);
  assert.deepEqual(
    await toArray(async () =>
      (async function* () {
        yield 3;
      })(),
    ),
    [3],
  );
});

test('toBytes joins bytes, buffers, views and strings', async () => {
  const shorts = new Uint16Array([0x4241]);
  assert.deepEqual(await toBytes(['é', encode('x'), shorts, encode('yz').buffer]), encode('éxAByz'));
  assert.deepEqual(await toBytes(new Blob(['ab'])), encode('ab'));
});

test('toText decodes characters wherever they are cut', async () => {
  const bytes = encode('a€😀é');
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    for (let next = cut; next <= bytes.length; next += 1) {
      assert.equal(await toText([bytes.subarray(0, cut), bytes.subarray(cut, next), bytes.subarray(next)]), 'a€😀é');
    }
  }
});

test('toText replaces what is no UTF-8, or refuses it', async () => {
  assert.equal(await toText([Uint8Array.of(0x61, 0xff)]), 'a�');
  await assert.rejects(toText([Uint8Array.of(0xff)], { fatal: true }), TypeError);
});

test('toJSON parses the whole', async () => assert.deepEqual(await toJSON(['{"a":', encode('[1]}')]), { a: [1] }));

test('toBlob has the type and the bytes', async () => {
  const blob = await toBlob([encode('a'), 'b'], { type: 'text/plain' });
  assert.deepEqual([blob.type, await blob.text()], ['text/plain', 'ab']);
});

for (const [name, call, chunk, limit] of [
  ['toArray', toArray, 1, 3],
  ['toBytes', toBytes, 'abc', 9],
  ['toText', toText, 'abc', 9],
  ['toJSON', toJSON, 'abc', 9],
  ['toBlob', toBlob, 'abc', 9],
]) {
  test(`${name} stops an endless source at its limit, with the source let go`, async () => {
    let released = false;
    let made = 0;
    const source = (function* () {
      try {
        for (; ; made += 1) yield chunk;
      } finally {
        released = true;
      }
    })();
    await assert.rejects(call(source, { limit }), {
      name: 'RangeError',
      message: new RegExp(`^${name}\\(\\): received more than the limit of ${limit} (bytes|chunks)`),
    });
    assert.equal(released, true);
    assert.equal(made, 3);
  });

  test(`${name} ends with the reason of its signal, and with the error of its source`, async () => {
    const error = new Error('x');
    await assert.rejects(call([chunk], { signal: AbortSignal.abort(error) }), (reason) => reason === error);
    await assert.rejects(
      call(
        (function* () {
          yield chunk;
          throw error;
        })(),
      ),
      (reason) => reason === error,
    );
  });
}

test('a chunk that is neither bytes nor text is refused by name', async () => {
  await assert.rejects(toText([{ a: 1 }]), {
    message:
      'toText(): chunks must be bytes or strings; got an object with the keys a. Add a stage to the source that converts them',
  });
  await assert.rejects(toText(['a'], { limit: -1 }), RangeError);
});

test('what is kept of small views of large buffers is the views', async () => {
  const held = () => process.memoryUsage().arrayBuffers;
  const source = (grown) =>
    (async function* () {
      const before = held();
      for (let n = 0; n < 300; n += 1) {
        yield new Uint8Array(1 << 20).fill(1).subarray(n, n + 1);
        if (n % 10 === 0) {
          await new Promise((resolve) => setTimeout(resolve));
          gc();
        }
      }
      grown.push(held() - before);
    })();
  for (const collect of [toBytes, toBlob, toText]) {
    const grown = [];
    await collect(source(grown));
    assert.ok(grown[0] < 50 << 20, `${collect.name}() held ${grown[0]} bytes for 300`);
  }
});
