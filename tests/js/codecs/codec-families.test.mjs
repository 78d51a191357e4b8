/** Codecs of several families in one pipeline: each family runs in its own Wasm module, and the chain is one all the same. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pipeline, toArray } from 'tidegate';
import { codecMemory, csv, digest, gunzip, lines } from 'tidegate/codecs';
import { bytes } from './codec-support.mjs';

const text = Array.from({ length: 30_000 }, (_, n) => `row ${n},${'x'.repeat(n % 50)}`).join('\n');
const packed = gzipSync(text);

/** Cuts `all` into pieces of at most `most` bytes, the same for the same seed, with empty ones among them. */
function* cut(all, most, seed) {
  let state = seed;
  for (let at = 0; at < all.length;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const length = state % (most + 1);
    yield all.subarray(at, at + length);
    at += length;
  }
}

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

for (const most of [1, 7, 1000, 65_536, 1_000_000]) {
  test(`four modules in a row give what each gives alone, in pieces of up to ${most} bytes`, async () => {
    const source = most === 1 ? gzipSync(text.slice(0, 20_000)) : packed;
    const expected = most === 1 ? text.slice(0, 20_000) : text;
    const [before, after] = [digest('sha-256'), digest('sha-256')];
    const all = await pipeline(cut(source, most, most), before, gunzip(), after, lines({ batch: true }), (chunks) =>
      toArray(chunks),
    );
    assert.equal(all.flat().join('\n'), expected);
    assert.equal(await before.hex, sha256(source));
    assert.equal(await after.hex, sha256(expected));
    assert.equal(codecMemory().chains, 0);
  });
}

async function collect(source, ...stages) {
  const seen = [];
  const error = await pipeline(source, ...stages, async (chunks) => {
    for await (const chunk of chunks) seen.push(chunk);
  }).catch((reason) => reason);
  return { seen, error };
}

for (const size of [2, 300, 5_000]) {
  test(`a fault behind ${size} lines comes after them, through two further modules`, async () => {
    const good = Array.from({ length: size }, (_, n) => `line ${n}`);
    const damaged = Buffer.concat([gzipSync(`${good.join('\n')}\n`), bytes('trailing')]);
    const { seen, error } = await collect([damaged], gunzip(), digest('sha-256'), lines());
    assert.deepEqual(seen, good);
    assert.deepEqual([error.codec, error.code], ['gunzip', 'trailing-data']);
  });
}

test('a fault of a later codec in data from before an earlier fault comes first', async () => {
  const damaged = Buffer.concat([gzipSync('a,b\n1,2\n3\n'), bytes('trailing')]);
  const { seen, error } = await collect([damaged], gunzip(), digest('sha-256'), csv());
  assert.deepEqual(seen, [['a', 'b'], ['1', '2']]); // prettier-ignore
  assert.deepEqual([error.codec, error.code], ['csv', 'ragged-row']);
});

test('an unfinished line is not given when the module before it has failed', async () => {
  const damaged = Buffer.concat([gzipSync('whole\nhalf'), bytes('trailing')]);
  const { seen, error } = await collect([damaged], gunzip(), lines());
  assert.deepEqual(seen, ['whole']);
  assert.equal(error.code, 'trailing-data');
});

test('each stage has the figures of its own, and nothing is held once all has been read', async () => {
  const stages = [gunzip(), digest('sha-256'), csv()];
  await pipeline([packed], ...stages, (rows) => toArray(rows));
  const [unpacked, hashed, rows] = stages.map((stage) => stage.stats()[0]);
  assert.deepEqual([unpacked.name, unpacked.bytesIn, unpacked.bytesOut], ['gunzip', packed.length, text.length]);
  assert.deepEqual([hashed.name, hashed.bytesIn, hashed.bytesOut], ['digest', text.length, text.length]);
  assert.equal(rows.bytesIn, text.length);
  assert.deepEqual([unpacked, hashed, rows].map(({ queued, held }) => [queued, held]), Array(3).fill([0, 0])); // prettier-ignore
});

test('however far an input expands, the modules behind it work on a bounded part at a time', async () => {
  const bomb = gzipSync(new Uint8Array(64 * 2 ** 20));
  const unpack = gunzip();
  const found = digest('sha-256');
  await pipeline([bomb], unpack, found, async (chunks) => {
    for await (const chunk of chunks) {
      assert.ok(chunk.length <= 65_536);
      assert.ok(unpack.stats()[0].bytesOut <= 2 ** 20, `${unpack.stats()[0].bytesOut} bytes unpacked`);
      break;
    }
  });
  assert.equal(codecMemory().chains, 0);
});

test('a chain of several modules that is cancelled amid its work is freed in all of them', async () => {
  const stage = gunzip();
  await pipeline([packed], stage, digest('sha-256'), lines(), async (chunks) => {
    for await (const line of chunks) if (line) break;
  });
  assert.equal(codecMemory().chains, 0);
});
