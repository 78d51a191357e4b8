/** Tar archives: what GNU tar, bsdtar and Python write and read, at every split, and what is refused. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pipeline, toArray, toBytes, toText } from 'tidegate';
import { ArchiveError, tar, tarEntries } from 'tidegate/archives';
import { failure, folderFor, lacks, noise, pieces, read, textsOf } from './archive-support.mjs';

const LONG = `${'folder/'.repeat(40)}file.txt`;
const NAMES = ['a.txt', 'möwe/Ölstand.txt', `${'d'.repeat(90)}/${'n'.repeat(90)}`, LONG, `${'x'.repeat(200)}.txt`];
const sample = () => [
  { name: 'empty.txt', modified: new Date('2024-02-03T04:05:06Z') },
  { name: 'folder/' },
  ...NAMES.map((name, number) => ({ name, content: `content ${number}`, modified: 1e12, mode: 0o600, uid: 7 })),
  { name: 'link', type: 'symlink', linkName: 'folder/target' },
  { name: 'hard', type: 'link', linkName: 'a.txt' },
  { name: 'noise.bin', content: noise(3000) },
];
const packed = async (entries, options) => Buffer.from(await toBytes(tar(entries, options)));
const code = async (promise) => {
  const error = await failure(promise);
  assert.ok(error instanceof ArchiveError, String(error.stack));
  return error.code;
};

test('what tar() writes tarEntries() reads, with every field', async () => {
  const list = await read(tarEntries(), [await packed(sample())]);
  assert.deepEqual(
    list.map(({ entry }) => entry.name),
    sample().map(({ name }) => name),
  );
  const of = (name) => list.find(({ entry }) => entry.name === name);
  assert.equal(of(LONG).content.toString(), 'content 3');
  assert.deepEqual(of('noise.bin').content, noise(3000));
  assert.equal(of('empty.txt').entry.modified.toISOString(), '2024-02-03T04:05:06.000Z');
  assert.deepEqual([of('a.txt').entry.mode, of('a.txt').entry.uid, of('a.txt').entry.size], [0o600, 7, 9]);
  assert.deepEqual([of('folder/').entry.type, of('folder/').entry.isDirectory], ['directory', true]);
  assert.deepEqual([of('link').entry.type, of('link').entry.linkName], ['symlink', 'folder/target']);
  assert.deepEqual([of('hard').entry.type, of('hard').entry.linkName], ['link', 'a.txt']);
});

test('the entries are the same at every split of the archive', async () => {
  const archive = await packed([
    { name: 'möwe', content: 'high' },
    { name: 'b', content: 'water' },
  ]);
  const expected = [
    ['möwe', 'high'],
    ['b', 'water'],
  ];
  for (let at = 0; at <= archive.length; at++)
    assert.deepEqual(await textsOf(tarEntries(), [archive.slice(0, at), Buffer.alloc(0), archive.slice(at)]), expected);
  for (const size of [1, 7, 511, 513]) assert.deepEqual(await textsOf(tarEntries(), pieces(archive, size)), expected);
});

test('an archive that ends early, wherever, is an error, also if nobody reads the contents', async () => {
  const archive = await packed([
    { name: 'möwe', content: 'high' },
    { name: 'b', content: noise(700) },
  ]);
  for (let length = 0; length < archive.length; length++) {
    const cut = archive.subarray(0, length);
    assert.equal(await code(read(tarEntries(), [cut])), 'truncated', `${length} bytes`);
    assert.equal(await code(pipeline([cut], tarEntries(), toArray)), 'truncated', `${length} bytes, skipped`);
  }
});

test('GNU tar reads what tar() writes', { skip: lacks('tar', '--version') }, async (context) => {
  const folder = folderFor(context);
  writeFileSync(join(folder, 'a.tar'), await packed(sample()));
  execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder });
  for (const [number, name] of NAMES.entries()) {
    assert.equal(readFileSync(join(folder, name), 'utf8'), `content ${number}`);
  }
  assert.deepEqual(readFileSync(join(folder, 'noise.bin')), noise(3000));
});

for (const format of ['v7', 'ustar', 'gnu', 'oldgnu', 'posix']) {
  test(`tarEntries() reads what GNU tar writes as ${format}`, { skip: lacks('tar', '--version') }, async (context) => {
    const folder = folderFor(context);
    const long = format === 'v7' ? 'short' : 'name-'.repeat(18);
    const deep = format === 'v7' ? 'deep' : `${'deep/'.repeat(20)}`;
    mkdirSync(join(folder, 'in', deep), { recursive: true });
    writeFileSync(join(folder, 'in', deep, long), noise(100_000));
    writeFileSync(join(folder, 'in', 'möwe'), 'gull');
    symlinkSync('möwe', join(folder, 'in', 'link'));
    if (!['v7', 'ustar'].includes(format)) symlinkSync('y'.repeat(150), join(folder, 'in', 'long-link'));
    execFileSync('tar', ['-cf', 'a.tar', `--format=${format}`, '-C', 'in', '.'], { cwd: folder });
    const list = await read(tarEntries(), pieces(readFileSync(join(folder, 'a.tar')), 1000));
    const of = (name) => list.find(({ entry }) => entry.name === `./${name}`);
    assert.equal(of('möwe').content.toString(), 'gull');
    assert.equal(of('link').entry.linkName, 'möwe');
    assert.deepEqual(of(join(deep, long)).content, noise(100_000));
    if (of('long-link')) assert.equal(of('long-link').entry.linkName.length, 150);
  });
}

test('bsdtar writes and reads them', { skip: lacks('bsdtar', '--version') }, async (context) => {
  const folder = folderFor(context);
  writeFileSync(join(folder, 'möwe'), 'gull');
  execFileSync('bsdtar', ['-cf', 'a.tar', 'möwe'], { cwd: folder });
  assert.deepEqual(await textsOf(tarEntries(), [readFileSync(join(folder, 'a.tar'))]), [['möwe', 'gull']]);
  writeFileSync(join(folder, 'b.tar'), await packed(sample()));
  assert.match(execFileSync('bsdtar', ['-tf', 'b.tar'], { cwd: folder, encoding: 'utf8' }), /noise\.bin/);
});

test(
  'Python reads what tar() writes, and the other way round',
  { skip: lacks('python3', '--version') },
  async (context) => {
    const folder = folderFor(context);
    writeFileSync(join(folder, 'a.tar'), await packed(sample()));
    const names = "import tarfile; print('\\n'.join(m.name for m in tarfile.open('a.tar')))";
    const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, PYTHONIOENCODING: 'utf8' } };
    const listed = execFileSync('python3', ['-c', names], options);
    assert.deepEqual(
      listed.trim().split('\n'),
      sample().map(({ name }) => name.replace(/\/$/, '')),
    );
    const write = `import tarfile, io
with tarfile.open('b.tar', 'w', format=tarfile.PAX_FORMAT) as t:
    i = tarfile.TarInfo('möwe/' + 'n' * 120); i.size = 4; i.mtime = 1.5; i.uname = 'Jörg'
    t.addfile(i, io.BytesIO(b'gull'))`;
    execFileSync('python3', ['-c', write], options);
    const [{ entry, content }] = await read(tarEntries(), [readFileSync(join(folder, 'b.tar'))]);
    assert.equal(content.toString(), 'gull');
    assert.deepEqual([entry.name.length, entry.modified.getTime(), entry.userName], [125, 1500, 'Jörg']);
  },
);

test('entries that nobody reads are skipped, and a late stream() says what to do', async () => {
  const archive = await packed(sample());
  const [first, , third] = await pipeline([archive], tarEntries(), toArray);
  assert.equal(third.name, 'a.txt');
  assert.throws(() => first.stream(), { code: 'entry-passed', message: /use the option filter/ });
});

test('a filter that returns a promise is refused, and one that opens a stream holds nothing up', async () => {
  const archive = [await toBytes(tar([{ name: 'a', content: noise(100_000) }, { name: 'b' }]))];
  const names = (filter) => pipeline(archive, tarEntries({ filter }), toArray);
  assert.match((await failure(names(async () => false))).message, /^tarEntries\(\): filter must not return a promise/);
  assert.deepEqual(
    (await names((entry) => entry.name === 'b' || (entry.stream(), false))).map(({ name }) => name),
    ['b'],
  );
});

test('the option filter chooses entries, also before stages that read ahead', async () => {
  const texts = await pipeline(
    [await packed(sample())],
    tarEntries({ filter: ({ name }) => name === 'a.txt' }),
    (entry) => toText(entry.stream()),
    toArray,
  );
  assert.deepEqual(texts, ['content 0']);
});

test('a stream that is cancelled or left lets the next entry come', async () => {
  const names = [];
  await pipeline(
    pieces(await packed([{ name: 'a', content: noise(5000) }, { name: 'b' }]), 600),
    tarEntries(),
    async (entries) => {
      for await (const entry of entries) {
        names.push(entry.name);
        for await (const chunk of entry.stream()) if (chunk.length > 0) break;
      }
    },
  );
  assert.deepEqual(names, ['a', 'b']);
});

test('names that lead out are refused, unless they are allowed', async () => {
  const unsafe = ['../x', 'a/../../x', '/etc/x', 'C:x', 'a\\b', '..'];
  for (const name of unsafe) {
    assert.equal(await code(packed([{ name }])), 'unsafe-path', name);
    const archive = await packed([{ name }], { allowUnsafePaths: true });
    assert.equal(await code(read(tarEntries(), [archive])), 'unsafe-path', name);
    assert.deepEqual(await textsOf(tarEntries({ allowUnsafePaths: true }), [archive]), [[name, '']]);
  }
});

test('links that lead out, and names that lead through a link, are refused', async () => {
  const symlink = (name, linkName) => ({ name, type: 'symlink', linkName });
  const refused = [
    [symlink('l', '/etc')],
    [symlink('l', '..')],
    [symlink('a/l', '../../x')],
    [symlink('a/l', 'b/../../x')],
    [symlink('l', 'C:x')],
    [{ name: 'l', type: 'link', linkName: '../x' }],
    [symlink('l', 'a'), { name: 'l/x' }],
    [symlink('l', 'a'), { name: './l' }],
  ];
  for (const entries of refused) {
    const archive = await packed(entries, { allowUnsafePaths: true });
    assert.equal(await code(read(tarEntries(), [archive])), 'unsafe-path', JSON.stringify(entries));
  }
  await read(tarEntries(), [await packed([symlink('a/l', '../b'), symlink('m', '.')])]);
});

test('limits end in their errors', async () => {
  const archive = await packed([{ name: 'a', content: 'abc' }, { name: 'b' }]);
  assert.equal(await code(read(tarEntries({ maxEntries: 1 }), [archive])), 'too-many-entries');
  assert.equal(await code(read(tarEntries({ maxEntryBytes: 2 }), [archive])), 'entry-too-large');
  assert.deepEqual((await pipeline([archive], tarEntries({ maxEntryBytes: 2 }), toArray)).length, 2);
});

test('damage is found: checksums, pax records, what is no tar, what follows the end', async () => {
  const archive = await packed([{ name: 'a', content: 'abc' }, { name: 'ü' }]);
  const damaged = (at, byte) => Buffer.from(archive.map((old, index) => (index === at ? byte : old)));
  assert.equal(await code(read(tarEntries(), [damaged(3, 65)])), 'not-tar');
  assert.equal(await code(read(tarEntries(), [damaged(1024 + 100, 65)])), 'checksum-mismatch');
  assert.equal(await code(read(tarEntries(), [damaged(1536, 65)])), 'corrupt');
  assert.equal(await code(read(tarEntries(), [Buffer.concat([archive, Buffer.from('x')])])), 'trailing-data');
  const options = { trailing: 'ignore' };
  assert.equal((await read(tarEntries(options), [Buffer.concat([archive, Buffer.from('x')])])).length > 0, true);
  await read(tarEntries(), [Buffer.concat([archive, Buffer.alloc(5000)])]);
  assert.match(
    (await failure(read(tarEntries(), [Buffer.from([0x1f, 0x8b, ...Buffer.alloc(600)])]))).message,
    /gunzip\(\)/,
  );
});

test('the size of a stream must be given, and be right', async () => {
  const stream = () => new Blob(['abc']).stream();
  await assert.rejects(packed([{ name: 'a', content: stream() }]), { name: 'TypeError', message: /size/ });
  for (const size of [2, 4])
    assert.equal(await code(packed([{ name: 'a', content: stream(), size }])), 'size-mismatch');
  assert.deepEqual(await textsOf(tarEntries(), tar([{ name: 'a', content: stream(), size: 3 }])), [['a', 'abc']]);
});

test('contents come from strings, bytes, blobs, iterables, functions and promises of them', async () => {
  const contents = [
    'abc',
    Buffer.from('abc'),
    new Blob(['abc']),
    ['a', Buffer.from('bc')],
    async () => new Response('abc'),
  ];
  const entries = contents.map((content, number) => ({ name: `${number}`, content, size: 3 }));
  const texts = await textsOf(tarEntries(), tar(entries));
  assert.deepEqual(
    texts.map(([, text]) => text),
    contents.map(() => 'abc'),
  );
});

test('as a stage tar() takes entries, and an error of a content is that of the whole', async () => {
  const fault = new Error('the disk is gone');
  let cancelled;
  async function* entries() {
    try {
      yield { name: 'a', content: 'a' };
      yield { name: 'b', size: 9, content: new ReadableStream({ pull: (controller) => controller.error(fault) }) };
    } finally {
      cancelled = true;
    }
  }
  assert.equal(await failure(pipeline(entries(), tar(), toBytes)), fault);
  assert.equal(cancelled, true);
});

test('an abort cancels the content that is being read', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  let cancelledWith;
  const content = new ReadableStream({ pull() {}, cancel: (why) => void (cancelledWith = why) }, { highWaterMark: 0 });
  const done = failure(toBytes(tar([{ name: 'a', size: 5, content }], { signal: stop.signal })));
  await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort(reason);
  assert.equal(await done, reason);
  assert.equal(cancelledWith, reason);
});

test('the source of a content is read when the archive is', async () => {
  let pulls = 0;
  const content = new ReadableStream(
    {
      pull(controller) {
        pulls += 1;
        controller.enqueue(new Uint8Array(100_000));
        if (pulls === 100) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const reader = tar([{ name: 'a', size: 10_000_000, content }]).getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(pulls < 8, `${pulls} pulls`);
  await reader.cancel();
});
