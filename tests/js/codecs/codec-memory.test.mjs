/** Memory that cannot be had, and memory that is given back: with a module whose memory may not grow beyond 40 MiB. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { bytes, through } from './codec-support.mjs';

const MOST_PAGES = 640;

/** The module with a maximum in its memory section: id 5, length, one memory, flags, minimum, maximum. */
function limited(source) {
  const binary = Buffer.from(source);
  const leb = (at) => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = binary[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return [value, at];
      shift += 7;
    }
  };
  for (let at = 8; at < binary.length;) {
    const [size, body] = leb(at + 1);
    if (binary[at] !== 5) {
      at = body + size;
      continue;
    }
    assert.deepEqual([...binary.subarray(body, body + 2)], [1, 0]);
    const section = Buffer.concat([
      Buffer.of(1, 1),
      binary.subarray(body + 2, body + size),
      Buffer.of((MOST_PAGES & 127) | 128, MOST_PAGES >> 7),
    ]);
    return Buffer.concat([binary.subarray(0, at), Buffer.of(5, section.length), section, binary.subarray(body + size)]);
  }
  throw new Error('the module has no memory');
}
const { Module } = WebAssembly;
let compiled = 0;
WebAssembly.Module = function (source) {
  const isCodecs = Module.exports(new Module(source)).some(({ name }) => name === 'codecs_run');
  compiled += isCodecs;
  return new Module(isCodecs ? limited(source) : source);
};
const { codecMemory, csv, digest, gunzip, lines } = await import('tidegate/codecs');

const piece = new Uint8Array(2 ** 20).fill(97);

test('a line for which there is no memory fails that codec alone, after the lines before it', async () => {
  const other = csv();
  const otherWriter = other.writable.getWriter();
  await otherWriter.write(bytes('a,"b'));
  const stage = lines({ maxLineBytes: 2 ** 28 });
  const writer = stage.writable.getWriter();
  writer.closed.catch(() => {});
  const writing = (async () => {
    await writer.write(bytes('short\n'));
    for (let n = 0; n < 100; n += 1) await writer.write(piece);
  })().catch((error) => error);
  const given = [];
  const failed = await (async () => {
    for await (const line of stage.readable) given.push(line);
  })().catch((error) => error);
  assert.deepEqual([failed.codec, failed.code, given], ['lines', 'out-of-memory', ['short']]);
  assert.match(failed.message, /^lines: out of memory at byte \d+$/);
  assert.ok(await writing);
  const rest = (async () => {
    for await (const row of other.readable) return row;
  })();
  await otherWriter.write(bytes('c",d\n'));
  assert.deepEqual(await rest, ['a', 'bc', 'd']);
  assert.equal(compiled, 2, 'a module for each family');
});

test('many chains that hold all the memory there is leave the others working', async () => {
  const holders = Array.from({ length: 8 }, () => lines({ maxLineBytes: 2 ** 28 }));
  const writers = holders.map((stage) => stage.writable.getWriter());
  for (const writer of writers) writer.closed.catch(() => {});
  const outcomes = await Promise.all(
    writers
      .map(async (writer) => {
        for (let n = 0; n < 12; n += 1) await writer.write(piece);
      })
      .map((promise) =>
        promise.then(
          () => 'held',
          (error) => error.code,
        ),
      ),
  );
  assert.ok(outcomes.includes('out-of-memory'), `${outcomes}`);
  assert.ok(
    outcomes.every((outcome) => outcome === 'held' || outcome === 'out-of-memory'),
    `${outcomes}`,
  );
  for (let n = 0; n < 1250; n += 1) assert.deepEqual(await through(csv(), [bytes('a,b\n')]), [['a', 'b']]);
  await Promise.all(holders.map((stage) => stage.readable.cancel().catch(() => {})));
  assert.equal(codecMemory().chains, 0);
});

test('memory that grew is given back when the last chain ends', async () => {
  const holder = lines({ maxLineBytes: 2 ** 28 });
  const writer = holder.writable.getWriter();
  writer.closed.catch(() => {});
  for (let n = 0; n < 9; n += 1) await writer.write(piece);
  assert.ok(codecMemory().bytes > 2 ** 23, `${codecMemory().bytes}`);
  await holder.readable.cancel();
  assert.deepEqual(codecMemory().chains, 0);
  assert.ok(codecMemory().bytes <= 2 ** 22, `${codecMemory().bytes}`);
});

test('memory that grew is given back though a chain made meanwhile goes on for ever', async () => {
  const holder = lines({ maxLineBytes: 2 ** 28 });
  const writer = holder.writable.getWriter();
  writer.closed.catch(() => {});
  for (let n = 0; n < 10; n += 1) await writer.write(piece);
  const endless = csv();
  const endlessWriter = endless.writable.getWriter();
  await endlessWriter.write(bytes('a'));
  await holder.readable.cancel();
  assert.equal(codecMemory().chains, 1);
  assert.ok(codecMemory().bytes <= 2 ** 22, `${codecMemory().bytes}`);
  await endless.readable.cancel();
});

test('ten thousand chains that have had a few bytes hold little each', async () => {
  const stages = [];
  for (let n = 0; n < 4000; n += 1) {
    const stage = n % 2 ? gunzip() : digest('sha-256');
    await stage.writable.getWriter().write(Uint8Array.of(0x1f, 0x8b));
    stages.push(stage);
  }
  const { chains, bytes: held } = codecMemory();
  assert.equal(chains, 4000);
  assert.ok(held / chains < 10_000, `${held / chains} bytes each`);
  await Promise.all(stages.map((stage) => stage.readable.cancel()));
  assert.equal(codecMemory().chains, 0);
});

test('a hundred thousand abandoned codecs neither fail nor keep the memory', () => {
  const program = `
    import { codecMemory, gunzip } from 'tidegate/codecs';
    const packed = Uint8Array.from(${JSON.stringify([...gzipSync('x'.repeat(1000)).subarray(0, 15)])});
    let most = 0;
    for (let n = 0; n < 100_000; n += 1) {
      await gunzip().writable.getWriter().write(packed);
      if (n % 100 === 0) await new Promise(setImmediate);
      most = Math.max(most, codecMemory().bytes);
    }
    for (let round = 0; round < 100 && codecMemory().chains > 0; round += 1) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(JSON.stringify({ most, ...codecMemory() }));
  `;
  const output = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    encoding: 'utf8',
    cwd: new URL('../../..', import.meta.url),
    timeout: 100_000,
  });
  const { most, chains, bytes: left } = JSON.parse(output);
  assert.equal(chains, 0);
  assert.ok(left <= 2 ** 22, `${left} bytes are left`);
  assert.ok(most < 2 ** 30, `${most} bytes were held at once`);
});
