/** Zip archives read forward: at every split, from every program and system, and what is refused. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { pipeline, toArray, toBytes } from 'tidegate';
import { ArchiveError, zip, zipEntries } from 'tidegate/archives';
import { codecMemory } from 'tidegate/codecs';
import {
  failure,
  folderFor,
  lacks,
  lacksSevenZip,
  noise,
  pieces,
  read,
  sevenZip,
  textsOf,
} from './archive-support.mjs';
import { crc32, extra, u32, zipOf } from './zip-support.mjs';

const code = async (promise) => {
  const error = await failure(promise);
  assert.ok(error instanceof ArchiveError, String(error.stack));
  return error.code;
};
const LAYOUTS = ['sig32', '32', 'sig64', '64'];
/** Every layout of an entry in few bytes. */
const small = () =>
  zipOf([
    { name: 'stored', content: 'high water', method: 0 },
    { name: 'empty/', method: 0 },
    { name: 'known', content: 'low water' },
    ...LAYOUTS.map((descriptor) => ({
      name: descriptor,
      content: `of ${descriptor}`,
      descriptor,
      sizesIn64: descriptor.endsWith('64'),
    })),
    { name: 'nothing', content: '', descriptor: 'sig64' },
    { name: 'nothing32', content: '', descriptor: '32' },
    { name: 'before', content: 'PK', method: 0, descriptor: 'sig32', sizesBefore: true },
  ]);
const SMALL = [
  ['stored', 'high water'],
  ['empty/', ''],
  ['known', 'low water'],
  ...LAYOUTS.map((layout) => [layout, `of ${layout}`]),
  ['nothing', ''],
  ['nothing32', ''],
  ['before', 'PK'],
];

test('the entries are the same at every split, with descriptors of every layout', async () => {
  const archive = small();
  for (let at = 0; at <= archive.length; at++)
    assert.deepEqual(
      await textsOf(zipEntries(), [archive.subarray(0, at), Buffer.alloc(0), archive.subarray(at)]),
      SMALL,
      `${at}`,
    );
  for (const size of [1, 2, 7, 31]) assert.deepEqual(await textsOf(zipEntries(), pieces(archive, size)), SMALL);
});

test('entries that nobody reads are skipped at every split', async () => {
  const archive = small();
  const names = SMALL.map(([name]) => name);
  for (const size of [1, 3, 64, 100_000]) {
    const entries = await pipeline(pieces(archive, size), zipEntries(), toArray);
    assert.deepEqual(
      entries.map(({ name }) => name),
      names,
    );
  }
  const options = { filter: ({ name }) => name === 'sig64' };
  assert.deepEqual(await textsOf(zipEntries(options), [archive]), [['sig64', 'of sig64']]);
});

test('an archive that ends early, wherever, is an error', async () => {
  for (const archive of [
    small(),
    zipOf([{ name: 'a', content: 'abc', descriptor: '64' }], { zip64: true, comment: Buffer.from('note') }),
  ]) {
    for (let length = 0; length < archive.length; length++) {
      const cut = archive.subarray(0, length);
      assert.equal(await code(read(zipEntries(), [cut])), 'truncated', `${length} of ${archive.length} bytes`);
      assert.equal(await code(pipeline([cut], zipEntries(), toArray)), 'truncated', `${length} bytes, skipped`);
    }
  }
});

test('large contents come through, compressed or not, whatever the chunks', async () => {
  const contents = [noise(300_000), Buffer.alloc(1_000_000), Buffer.from('tide '.repeat(50_000))];
  for (const descriptor of [undefined, 'sig32', '64']) {
    const archive = zipOf(
      contents.flatMap((content, n) => [
        { name: `d${n}`, content, descriptor },
        { name: `s${n}`, content, method: 0 },
      ]),
    );
    for (const size of [1000, 65_536, 1_000_000]) {
      const list = await read(zipEntries(), pieces(archive, size));
      list.forEach(({ content }, n) => assert.ok(content.equals(contents[Math.floor(n / 2)]), `${n}`));
    }
  }
});

test('a stored entry whose size stands behind it is an error that names openZip()', async () => {
  const archive = zipOf([{ name: 'a' }, { name: 'b', content: 'abc', method: 0, descriptor: 'sig32' }]);
  const error = await failure(read(zipEntries(), [archive]));
  assert.deepEqual([error.code, error.entry], ['ambiguous-entry', 'b']);
  assert.match(error.message, /openZip\(\)/);
});

test('names: the flag of UTF-8, the Unicode field, UTF-8 without a flag as of macOS, else code page 437', async () => {
  const cp437 = Buffer.from([0x6d, 0x94, 0x77, 0x65]);
  const field = (crc) => extra(0x7075, Buffer.concat([Buffer.from([1]), u32(crc), Buffer.from('möwe.txt')]));
  const archive = zipOf([
    { name: Buffer.from('möwe'), flags: 0x800 },
    { name: Buffer.from('möwe') },
    { name: cp437, host: 0 },
    { name: cp437, local: field(crc32(cp437)) },
    { name: cp437, local: field(1) },
  ]);
  const names = (await textsOf(zipEntries(), [archive])).map(([name]) => name);
  assert.deepEqual(names, ['möwe', 'möwe', 'möwe', 'möwe.txt', 'möwe']);
});

test('times: of DOS in local time, the extended timestamp, that of NTFS', async () => {
  const date = (44 << 9) | (2 << 5) | 3;
  const time = u32(date * 65536 + ((4 << 11) | (5 << 5) | 3));
  const ntfs = Buffer.alloc(32);
  ntfs.writeUInt32LE(0x00180001, 4);
  ntfs.writeBigUInt64LE(BigInt(Date.UTC(2024, 0, 2) + 11_644_473_600_000) * 10_000n, 8);
  const archive = zipOf([
    { name: 'dos', time },
    { name: 'extended', time, local: extra(0x5455, Buffer.concat([Buffer.from([1]), u32(1e9)])) },
    { name: 'ntfs', time, local: extra(0x000a, ntfs) },
    { name: 'none', time: u32(0) },
  ]);
  const times = (await read(zipEntries(), [archive])).map(({ entry }) => entry.modified?.getTime());
  assert.deepEqual(times, [new Date(2024, 1, 3, 4, 5, 6).getTime(), 1e12, Date.UTC(2024, 0, 2), undefined]);
});

test('damage is found: a CRC, a size, the data, the directory, what follows', async () => {
  const one = (entry, options) => zipOf([{ name: 'a', content: 'abcabcabc', ...entry }], options);
  for (const descriptor of [undefined, 'sig32', '64']) {
    assert.equal(await code(read(zipEntries(), [one({ crc: 1, descriptor })])), 'crc-mismatch');
    assert.equal(await code(read(zipEntries(), [one({ size: 8, descriptor })])), 'size-mismatch');
    assert.equal(await code(read(zipEntries(), [one({ size: 10, descriptor })])), 'size-mismatch');
    assert.equal(await code(read(zipEntries(), [one({ data: Buffer.from([7]), descriptor })])), 'corrupt');
  }
  const data = deflateRawSync('abcabcabc');
  assert.equal(await code(read(zipEntries(), [one({ data: Buffer.concat([data, Buffer.from('x')]) })])), 'corrupt');
  assert.equal(await code(read(zipEntries(), [one({ data: data.subarray(0, -1) })])), 'corrupt');
  assert.equal(await code(read(zipEntries(), [Buffer.concat([one({}), Buffer.from('x')])])), 'trailing-data');
  assert.equal((await read(zipEntries({ trailing: 'ignore' }), [one({}), Buffer.from('x')])).length, 1);
  assert.equal(await code(read(zipEntries(), [one({}, { prefix: Buffer.from('sfx') })])), 'not-zip');
  const twice = zipOf([{ name: 'a' }, { name: 'a', offset: 0 }]);
  assert.equal(await code(read(zipEntries(), [twice])), 'corrupt');
});

test('what is encrypted or compressed otherwise can be skipped, and not read', async () => {
  const archive = zipOf([
    { name: 'secret', content: 'abc', method: 0, flags: 1 },
    { name: 'bzip2', content: 'abc', method: 12 },
    { name: 'c' },
  ]);
  const options = (name) => ({ filter: (entry) => entry.name === name });
  assert.equal(await code(read(zipEntries(options('secret')), [archive])), 'encrypted');
  assert.equal(await code(read(zipEntries(options('bzip2')), [archive])), 'unsupported');
  const [secret, bzip2] = await pipeline([archive], zipEntries(), toArray);
  assert.deepEqual([secret.encrypted, bzip2.encrypted, bzip2.method], [true, false, 12]);
});

test('limits end in their errors, also where sizes stand behind', async () => {
  const bomb = zipOf([{ name: 'a', content: Buffer.alloc(10_000_000), descriptor: 'sig32' }, { name: 'b' }]);
  assert.equal(await code(read(zipEntries({ maxEntries: 1 }), [bomb])), 'too-many-entries');
  assert.equal(await code(read(zipEntries({ maxEntryBytes: 9_999_999 }), [bomb])), 'entry-too-large');
  assert.equal(await code(read(zipEntries({ maxRatio: 100 }), [bomb])), 'ratio-too-high');
  assert.equal(await code(pipeline([bomb], zipEntries({ maxRatio: 100 }), toArray)), 'ratio-too-high');
  await read(zipEntries({ maxEntryBytes: 10_000_000, maxRatio: 1032 }), [bomb]);
});

test('names that lead out are refused, unless they are allowed', async () => {
  for (const name of ['../x', '/x', 'C:\\x', 'folder\\x', 'a\0']) {
    const archive = zipOf([{ name, host: 0 }]);
    assert.equal(await code(read(zipEntries(), [archive])), 'unsafe-path', name);
    assert.deepEqual(await textsOf(zipEntries({ allowUnsafePaths: true }), [archive]), [[name, '']]);
  }
});

test('whatever way it ends, no chain of codecs is left', async () => {
  const archive = zipOf([
    { name: 'a', content: noise(200_000) },
    { name: 'b', content: 'b', descriptor: '32' },
  ]);
  await pipeline([archive], zipEntries(), async (entries) => {
    for await (const { name, stream } of entries) {
      assert.equal(name, 'a');
      void stream;
      break;
    }
  });
  await pipeline([archive], zipEntries(), async (entries) => {
    for await (const entry of entries) {
      const reader = entry.stream().getReader();
      await reader.read();
      if (entry.name === 'a') await reader.cancel();
      else return;
    }
  });
  await failure(
    pipeline([archive.subarray(0, 100_000)], zipEntries(), async (entries) => {
      for await (const entry of entries) await toBytes(entry.stream());
    }),
  );
  assert.equal(codecMemory().chains, 0);
});

const skipZip = lacks('zip', '-v');
for (const [what, args] of [
  ['to a file', ['-q', '-X', 'out.zip', 'a.txt', 'b.bin', 'möwe']],
  ['to a pipe, with descriptors', ['-q', '-', 'a.txt', 'b.bin', 'möwe']],
  ['with zip64 forced', ['-q', '-fz', 'out.zip', 'a.txt', 'b.bin', 'möwe']],
]) {
  test(`Info-ZIP ${what}`, { skip: skipZip }, async (context) => {
    const folder = folderFor(context);
    writeFileSync(join(folder, 'a.txt'), 'tide '.repeat(1000));
    writeFileSync(join(folder, 'b.bin'), noise(100_000));
    writeFileSync(join(folder, 'möwe'), 'gull');
    const out = execFileSync('zip', args, { cwd: folder });
    const archive = args.includes('-') ? out : readFileSync(join(folder, 'out.zip'));
    const list = await read(zipEntries(), pieces(archive, 10_000));
    assert.deepEqual(
      list.map(({ entry }) => entry.name),
      ['a.txt', 'b.bin', 'möwe'],
    );
    assert.deepEqual(list[1].content, noise(100_000));
    assert.equal(list[2].content.toString(), 'gull');
  });
}

const PYTHON = `import zipfile, sys, io
class Pipe(io.RawIOBase):
    def writable(self): return True
    def write(self, b): sys.stdout.buffer.write(b); return len(b)
with zipfile.ZipFile(Pipe(), 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('möwe', 'gull')
    with z.open('large', 'w', force_zip64=True) as f: f.write(b'tide ' * 10000)`;

test(
  "Python's zipfile to a pipe, with descriptors, the flag of UTF-8 and zip64",
  { skip: lacks('python3', '--version') },
  async () => {
    const archive = execFileSync('python3', ['-c', PYTHON]);
    assert.deepEqual(await textsOf(zipEntries(), pieces(archive, 999)), [
      ['möwe', 'gull'],
      ['large', 'tide '.repeat(10_000)],
    ]);
  },
);

test('7-Zip', { skip: lacksSevenZip }, async (context) => {
  const folder = folderFor(context);
  writeFileSync(join(folder, 'möwe'), noise(50_000));
  execFileSync(sevenZip, ['a', '-tzip', '-bd', 'a.zip', 'möwe'], { cwd: folder });
  const [{ entry, content }] = await read(zipEntries(), [readFileSync(join(folder, 'a.zip'))]);
  assert.deepEqual([entry.name, content], ['möwe', noise(50_000)]);
});

test("what zip() writes is read forward, and macOS's shadow files are entries like others", async () => {
  const entries = [
    { name: 'a', content: 'a' },
    { name: '__MACOSX/._a', content: noise(200) },
  ];
  assert.deepEqual(
    (await read(zipEntries(), zip(entries))).map(({ entry }) => entry.name),
    ['a', '__MACOSX/._a'],
  );
});
