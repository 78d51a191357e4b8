/** `buffer()`: bursts in order, within the memory, with the rest on a disk that is empty after every exit. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { buffer, channel, pipeline, toArray } from 'tidegate';

const MEMORY = 65_536;

function folderFor(context) {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-buffer-test-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A disk in memory that counts, and does with each call what `change` says. */
function memoryDisk(change = () => {}) {
  const segments = new Map();
  const seen = { most: 0, cleared: 0 };
  const disk = {
    seen,
    segments,
    async write(number, bytes) {
      await change('write', number);
      segments.set(number, bytes.slice());
      seen.most = Math.max(seen.most, segments.size);
    },
    async read(number) {
      await change('read', number);
      return segments.get(number);
    },
    async remove(number) {
      await change('remove', number);
      segments.delete(number);
    },
    async clear() {
      seen.cleared += 1;
      segments.clear();
    },
  };
  return disk;
}

const failure = (promise) =>
  promise.then(
    () => assert.fail('it did not fail'),
    (error) => error,
  );

/** Chunks of many kinds and sizes. */
function* chunksOf(count, seed = 1) {
  let state = seed;
  const random = (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  for (let number = 0; number < count; number++) {
    const kind = random(6);
    if (kind === 0) yield '';
    else if (kind === 1) yield new Uint8Array(0);
    else if (kind === 2) yield `${number} möwe \u{1f30a} ${'x'.repeat(random(500))}`;
    else if (kind === 3) yield `half \ud83c${number}`;
    else yield new Uint8Array(random(3000)).fill(number);
  }
}

/** Writes everything before anything is read, then reads it. */
async function through(stage, chunks) {
  const writer = stage.writable.getWriter();
  for (const chunk of chunks) await writer.write(chunk);
  const stats = stage.stats();
  const closed = writer.close();
  const read = await toArray(stage.readable);
  await closed;
  return { read, stats };
}

test('what a producer wrote before anything was read comes in its order, chunk by chunk', async () => {
  const chunks = [...chunksOf(2000)];
  const disk = memoryDisk();
  const { read, stats } = await through(buffer({ memory: MEMORY, disk }), chunks);
  assert.deepEqual(read, chunks);
  assert.ok(disk.seen.most > 10, `${disk.seen.most} segments`);
  assert.ok(stats.memoryBytes <= MEMORY, `${stats.memoryBytes}`);
  assert.equal(stats.chunks, chunks.length);
  assert.deepEqual([disk.segments.size, disk.seen.cleared], [0, 1]);
});

test('reads and writes in any order give the chunks in their order', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    let state = seed;
    const random = (most) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * most);
    };
    const slow = () => (random(2) ? new Promise((resolve) => setTimeout(resolve, random(3))) : undefined);
    const disk = memoryDisk(slow);
    const stage = buffer({ memory: MEMORY, disk });
    const chunks = [...chunksOf(200, seed)];
    const writing = (async () => {
      const writer = stage.writable.getWriter();
      for (const chunk of chunks) {
        await writer.write(chunk);
        if (random(20) === 0) await slow();
        assert.ok(stage.stats().memoryBytes <= MEMORY, `seed ${seed}`);
      }
      await writer.close();
    })();
    const read = [];
    const reader = stage.readable.getReader();
    for (let result; !(result = await reader.read()).done;) {
      read.push(result.value);
      if (random(5) === 0) await slow();
    }
    await writing;
    assert.deepEqual(read, chunks, `seed ${seed}`);
    assert.deepEqual([disk.segments.size, disk.seen.cleared <= 1], [0, true]);
  }
});

test('a read and a write in one turn leave the order as it was', async (context) => {
  for (const disk of [memoryDisk(), folderFor(context)]) {
    const stage = buffer({ memory: MEMORY, disk });
    const writer = stage.writable.getWriter();
    const reader = stage.readable.getReader();
    const chunk = (number, length) => new Uint8Array(length).fill(number);
    await writer.write(chunk(0, 30_000));
    await writer.write(chunk(1, 5000));
    await writer.write(chunk(2, 5000));
    const first = async () => (await reader.read()).value[0];
    assert.equal(await first(), 0);
    const second = first();
    void writer.write(chunk(3, 100));
    assert.deepEqual([await second, await first(), await first()], [1, 2, 3]);
    writer.closed.catch(() => {});
    await reader.cancel();
  }
});

test('a reader and a writer that meet at any moment see one order', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    let state = seed;
    const random = (most) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * most);
    };
    const turns = async () => {
      for (let left = random(6); left > 0; left--) await undefined;
    };
    const stage = buffer({ memory: MEMORY, disk: memoryDisk(turns) });
    const writing = (async () => {
      const writer = stage.writable.getWriter();
      for (let number = 0; number < 60; number++) {
        await writer.write(new Uint8Array(1000 + random(9000)).fill(number));
        await turns();
      }
      await writer.close();
    })();
    let number = 0;
    for await (const chunk of stage.readable) {
      assert.equal(chunk[0], number, `seed ${seed}`);
      number += 1;
      await turns();
      await turns();
    }
    await writing;
    assert.equal(number, 60);
  }
});

test('a small part of a large buffer does not keep that, and each chunk counts for what it takes', async () => {
  const stage = buffer({ memory: MEMORY });
  const writer = stage.writable.getWriter();
  const large = new Uint8Array(MEMORY * 4);
  await writer.write(large.subarray(0, 4));
  assert.ok(stage.stats().memoryBytes > 4);
  const { value } = await stage.readable.getReader().read();
  assert.equal(value.buffer.byteLength, 4);
  writer.closed.catch(() => {});
  const many = failure(
    (async () => {
      for (let count = 0; count < 10_000; count++) await writer.write('');
    })(),
  );
  assert.match((await many).message, /\(memory\); pass a disk/);
});

test('an abort and a cancel resolve when the disk is clear, also while a segment is read', async () => {
  for (const end of ['abort', 'cancel']) {
    const log = [];
    const disk = memoryDisk(async (call, number) => {
      if (call !== 'read') return;
      log.push(`read ${number}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      log.push(`read ${number} ended`);
    });
    const { clear } = disk;
    disk.clear = async () => {
      log.push('clear');
      await new Promise((resolve) => setTimeout(resolve, 20));
      log.push('cleared');
      return clear();
    };
    const stage = buffer({ memory: MEMORY, disk });
    const writer = stage.writable.getWriter();
    for (let count = 0; count < 200; count++) await writer.write(new Uint8Array(1000));
    const reader = stage.readable.getReader();
    while (log.length === 0) await Promise.race([reader.read(), new Promise((resolve) => setTimeout(resolve, 5))]);
    writer.closed.catch(() => {});
    reader.closed.catch(() => {});
    await (end === 'abort' ? writer.abort(new Error('enough')) : reader.cancel());
    assert.deepEqual(log.slice(0, 4), ['read 0', 'read 0 ended', 'clear', 'cleared'], end);
  }
});

test('a cancel while the end clears the disk resolves', async () => {
  const disk = memoryDisk();
  const { clear } = disk;
  disk.clear = () => new Promise((resolve) => setTimeout(() => resolve(clear()), 50));
  const stage = buffer({ memory: MEMORY, disk });
  const writer = stage.writable.getWriter();
  for (let count = 0; count < 100; count++) await writer.write(new Uint8Array(1000));
  await writer.close();
  const reader = stage.readable.getReader();
  for (let count = 0; count < 100; count++) await reader.read();
  void reader.read();
  await new Promise((resolve) => setTimeout(resolve, 10));
  await reader.cancel('x');
});

test('a buffer that the memory holds opens no disk', async () => {
  let opened = 0;
  const disk = memoryDisk(() => void (opened += 1));
  const chunks = ['a', new Uint8Array([1, 2]), ''];
  assert.deepEqual((await through(buffer({ memory: MEMORY, disk }), chunks)).read, chunks);
  assert.deepEqual([opened, disk.seen.cleared], [0, 0]);
});

test('a chunk that is larger than a segment, or than the memory, passes whole', async () => {
  const chunks = [new Uint8Array(3 * MEMORY).fill(1), 'x'.repeat(MEMORY), new Uint8Array(10)];
  const disk = memoryDisk();
  assert.deepEqual((await through(buffer({ memory: MEMORY, disk }), chunks)).read, chunks);
});

test('a view of a larger buffer, and a buffer, come out as the bytes that they are', async () => {
  const { read } = await through(buffer(), [new Uint8Array([1, 2, 3, 4]).subarray(1, 3), new Uint16Array([5]).buffer]);
  assert.deepEqual(read, [new Uint8Array([2, 3]), new Uint8Array([5, 0])]);
});

test('a write waits while a segment has to be written first, and only then', async () => {
  let release;
  const disk = memoryDisk((call) => (call === 'write' ? new Promise((resolve) => (release = resolve)) : undefined));
  const stage = buffer({ memory: MEMORY, disk });
  const writer = stage.writable.getWriter();
  const piece = new Uint8Array(MEMORY / 8);
  let written = 0;
  const write = () =>
    void writer.write(piece).then(
      () => (written += 1),
      () => {},
    );
  for (let count = 0; count < 12; count++) write();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const before = written;
  assert.ok(written >= 5 && written < 12, `${written}`);
  assert.ok(stage.stats().memoryBytes <= MEMORY, `${stage.stats().memoryBytes}`);
  release();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(written > before, `${written} after ${before}`);
  writer.closed.catch(() => {});
  await writer.abort(new Error('enough'));
});

const EXITS = {
  'an error of the consumer': async (stage, reason) => {
    const chunks = (function* () {
      for (;;) yield new Uint8Array(1000);
    })();
    return failure(
      pipeline(chunks, stage, async (source) => {
        let count = 0;
        for await (const chunk of source) if (++count === 300) throw Object.assign(reason, { chunk });
      }),
    );
  },
  'an error of the producer': async (stage, reason) => {
    const chunks = (function* () {
      for (let count = 0; count < 300; count++) yield new Uint8Array(1000);
      throw reason;
    })();
    return failure(pipeline(chunks, stage, (source) => new Promise(() => void source)));
  },
  'a cancel': async (stage, reason) => {
    const writer = stage.writable.getWriter();
    for (let count = 0; count < 300; count++) await writer.write(new Uint8Array(1000));
    await stage.readable.cancel(reason);
    return failure(writer.closed);
  },
  'an abort of the signal': async (stage, reason) => {
    const stop = new AbortController();
    const chunks = (async function* () {
      for (let count = 0; ; count++) {
        if (count === 300) stop.abort(reason);
        yield new Uint8Array(1000);
      }
    })();
    return failure(pipeline(chunks, stage, () => new Promise(() => {}), { signal: stop.signal }));
  },
};
for (const [exit, run] of Object.entries(EXITS)) {
  test(`the directory is empty after ${exit}, and the error is that of the pipeline`, async (context) => {
    const folder = folderFor(context);
    const reason = new Error('the reason');
    assert.equal(await run(buffer({ memory: MEMORY, disk: folder }), reason), reason);
    assert.deepEqual(readdirSync(folder), []);
  });
}

test('the directory is made, has segments while they wait, and is empty at the end', async (context) => {
  const folder = join(folderFor(context), 'a/b');
  const stage = buffer({ memory: MEMORY, disk: folder });
  const chunks = [...chunksOf(1000)];
  const writer = stage.writable.getWriter();
  for (const chunk of chunks) await writer.write(chunk);
  const [own] = readdirSync(folder);
  assert.match(own, new RegExp(`^tidegate-buffer-\\w+-${process.pid}-\\d+-`));
  assert.ok(readdirSync(join(folder, own)).length > 5);
  assert.ok(stage.stats().diskBytes > MEMORY);
  void writer.close();
  assert.deepEqual(await toArray(stage.readable), chunks);
  assert.deepEqual(readdirSync(folder), []);
  assert.deepEqual([stage.stats().bytes, stage.stats().diskBytes], [0, 0]);
});

test('what a process left that was killed is removed by the next one, and that of one that runs is not', async (context) => {
  const folder = folderFor(context);
  const program = `
    import { buffer } from 'tidegate';
    const writer = buffer({ memory: ${MEMORY}, disk: ${JSON.stringify(folder)} }).writable.getWriter();
    for (let count = 0; count < 300; count++) await writer.write(new Uint8Array(1000));
    process.kill(process.pid, 'SIGKILL');`;
  await failure(promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]));
  assert.equal(readdirSync(folder).length, 1);
  const [dead] = readdirSync(folder);
  const [, system] = /^tidegate-buffer-(\w+)-/.exec(dead);
  const stage = buffer({ memory: MEMORY, disk: folder });
  const writer = stage.writable.getWriter();
  for (const chunk of chunksOf(500)) await writer.write(chunk);
  const [own] = readdirSync(folder);
  assert.notEqual(own, dead);
  const kept = [own.replace(/-[^-]+$/, '-x'), 'tidegate-buffer-other1-1-1-x'];
  const gone = [`tidegate-buffer-${system}-${process.pid}-1-x`, `tidegate-buffer-${system}-4000000-1-x`];
  for (const name of [...kept, ...(system === '0' ? [] : gone)]) mkdirSync(join(folder, name));
  const other = join(folder, 'other');
  writeFileSync(other, '');
  await through(buffer({ memory: MEMORY, disk: folder }), chunksOf(500));
  assert.deepEqual(readdirSync(folder).sort(), ['other', own, ...kept].sort());
  await writer.abort(new Error('enough')).catch(() => {});
  assert.ok(!existsSync(join(folder, own)));
});

test('the error of the disk is that of the pipeline, whichever call fails', async () => {
  for (const call of ['write', 'read', 'remove']) {
    const reason = new Error(`no ${call}`);
    const disk = memoryDisk((name, number) => {
      if (name === call && number === 2) throw reason;
    });
    const chunks = [...chunksOf(1000)];
    assert.equal(await failure(pipeline(chunks, buffer({ memory: MEMORY, disk }), slowly)), reason, call);
    assert.equal(disk.seen.cleared, 1);
  }
});

async function slowly(chunks) {
  let count = 0;
  for await (const chunk of chunks) {
    void chunk;
    if (++count % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return count;
}

test('a disk that does not answer holds up neither an abort nor a cancel for long', async () => {
  for (const end of ['abort', 'cancel']) {
    const disk = memoryDisk(() => new Promise(() => {}));
    const stage = buffer({ memory: MEMORY, disk });
    const writer = stage.writable.getWriter();
    for (let count = 0; count < 200; count++) writer.write(new Uint8Array(1000)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    const reason = new Error('enough');
    writer.closed.catch(() => {});
    await (end === 'abort' ? writer.abort(reason) : stage.readable.cancel(reason));
  }
});

test('more than the limit, or than the memory without a disk, fails with what to do', async () => {
  const piece = () => [new Uint8Array(40_000), new Uint8Array(40_000)];
  const never = () => new Promise(() => {});
  const disk = memoryDisk();
  const limited = await failure(pipeline(piece(), buffer({ memory: MEMORY, disk, limit: '70 KB' }), never));
  assert.deepEqual(
    [limited.name, limited.message],
    [
      'RangeError',
      'buffer(): 80000 bytes wait for the consumer, more than 70000 (limit); raise it, or make the consumer faster',
    ],
  );
  const exactly = pipeline(piece(), buffer({ memory: MEMORY, disk, limit: 80_000 }), toArray);
  assert.equal((await exactly).length, 2);
  const small = await failure(pipeline(['x'.repeat(200)], buffer({ limit: 100 }), never));
  assert.match(small.message, /400 bytes wait for the consumer, more than 100 \(limit\); raise it/);
  const whole = await failure(pipeline(piece(), buffer({ memory: MEMORY }), never));
  assert.match(whole.message, /more than 65536 \(memory\); pass a disk, or make the consumer faster/);
});

test('a channel whose producer does not listen loses nothing', async () => {
  const producer = channel({ size: 'bytes', highWaterMark: 1000 });
  const job = pipeline(producer.readable, buffer({ memory: MEMORY, disk: memoryDisk() }), async (chunks) => {
    let text = '';
    for await (const chunk of chunks) {
      text += chunk;
      if (text.length % 7 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    return text;
  });
  let expected = '';
  for (let burst = 0; burst < 50; burst++) {
    for (let count = 0; count < 100; count++) {
      const text = `${burst}:${count} ${'y'.repeat(200)}`;
      producer.write(text);
      expected += text;
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  producer.end();
  assert.equal(await job, expected);
});

test('options and chunks that cannot be are refused', async () => {
  assert.throws(() => buffer({ memory: 1000 }), {
    name: 'RangeError',
    message: /memory must be a number of bytes of at least 65536, or a text such as '32 MiB'; got 1000/,
  });
  assert.throws(() => buffer({ memory: '32 MX' }), /got '32 MX'/);
  assert.throws(() => buffer({ disk: {} }), {
    name: 'TypeError',
    message: /disk must be 'opfs', the path of a directory, or an object with write, read, remove, clear/,
  });
  assert.throws(() => buffer({ disc: 'opfs' }), /there is no option 'disc'/);
  assert.match(
    (await failure(pipeline([{}], buffer(), toArray))).message,
    /a chunk must be a string or bytes; got an object.*Put map\(JSON.stringify\) before it/,
  );
  const opfs = failure(
    pipeline(
      [new Uint8Array(MEMORY), new Uint8Array(MEMORY)],
      buffer({ memory: MEMORY, disk: 'opfs' }),
      () => new Promise(() => {}),
    ),
  );
  assert.match((await opfs).message, /there is no origin private file system here/);
});

test('amounts are numbers or texts with a unit', async () => {
  for (const memory of ['64 KiB', '65.536 kB', '1MiB', 65_536, Infinity])
    assert.deepEqual((await through(buffer({ memory }), ['a'])).read, ['a'], String(memory));
});
