/** Zip archives that are written: other programs read them, and what becomes of sources. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromNative, pipeline, toBytes } from 'tidegate';
import { BlobReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js';
import { ArchiveError, zip, zipEntries } from 'tidegate/archives';
import { codecMemory } from 'tidegate/codecs';
import { failure, folderFor, lacks, lacksSevenZip, noise, read, sevenZip, textsOf } from './archive-support.mjs';

const TEXT = 'tide '.repeat(20_000);
const stream = (...chunks) => fromNative(new Blob(chunks).stream());
const sample = () => [
  { name: 'folder/', modified: new Date(2024, 1, 3, 4, 5, 6) },
  { name: 'empty' },
  { name: 'text.txt', content: TEXT, modified: new Date('2024-02-03T04:05:06Z'), mode: 0o600, comment: 'a comment' },
  { name: 'möwe/noise.bin', content: noise(200_000) },
  { name: 'stream', content: stream(TEXT) },
  { name: 'stored', content: noise(5000), method: 'store' },
  { name: 'stored blob', content: new Blob([noise(5000)]), method: 'store' },
  { name: 'stored stream', content: stream(noise(5000)), method: 'store' },
  { name: 'stored stream of known size', content: stream(noise(5000)), method: 'store', size: 5000 },
  { name: 'fast', content: TEXT, level: 1 },
];
const CONTENTS = { 'text.txt': TEXT, 'möwe/noise.bin': noise(200_000), stream: TEXT, fast: TEXT };
const contentOf = (name) => Buffer.from(CONTENTS[name] ?? (name.startsWith('stored') ? noise(5000) : ''));
const packed = async (entries, options) => Buffer.from(await toBytes(zip(entries, options)));
const file = async (context, bytes) => {
  const folder = folderFor(context);
  writeFileSync(join(folder, 'a.zip'), bytes);
  return folder;
};

test('what zip() writes zipEntries() reads', async () => {
  const list = await read(zipEntries(), [await packed(sample(), { comment: 'of the archive' })]);
  assert.deepEqual(
    list.map(({ entry }) => entry.name),
    sample().map(({ name }) => name),
  );
  for (const { entry, content } of list) assert.ok(content.equals(contentOf(entry.name)), entry.name);
  const of = (name) => list.find(({ entry }) => entry.name === name).entry;
  assert.equal(of('text.txt').modified.toISOString(), '2024-02-03T04:05:06.000Z');
  assert.deepEqual(
    [of('stored').method, of('stored').size, of('stored stream').method, of('folder/').isDirectory],
    [0, 5000, 8, true],
  );
});

test('unzip -t finds no fault, and unpacks the same', { skip: lacks('unzip', '-v') }, async (context) => {
  const folder = await file(context, await packed(sample()));
  execFileSync('unzip', ['-t', 'a.zip'], { cwd: folder });
  execFileSync('unzip', ['-q', 'a.zip'], { cwd: folder });
  for (const { name } of sample())
    if (!name.endsWith('/')) assert.ok(readFileSync(join(folder, name)).equals(contentOf(name)), name);
});

test('7-Zip finds no fault', { skip: lacksSevenZip }, async (context) => {
  const folder = await file(context, await packed(sample()));
  execFileSync(sevenZip, ['t', 'a.zip'], { cwd: folder });
});

test("Python's zipfile finds no fault", { skip: lacks('python3', '--version') }, async (context) => {
  const folder = await file(context, await packed(sample()));
  const check =
    "import zipfile; z = zipfile.ZipFile('a.zip'); assert z.testzip() is None; print(len(z.namelist()), z.getinfo('text.txt').comment)";
  assert.match(execFileSync('python3', ['-c', check], { cwd: folder, encoding: 'utf8' }), /^10 b'a comment'/);
});

test('bsdtar reads it forward, from a pipe', { skip: lacks('bsdtar', '--version') }, async () => {
  const archive = await packed(sample());
  const contents = execFileSync('bsdtar', ['-xOf', '-'], { input: archive, maxBuffer: 2 ** 24 });
  assert.ok(contents.equals(Buffer.concat(sample().map(({ name }) => contentOf(name)))));
});

test('zip.js reads it', async () => {
  const reader = new ZipReader(new BlobReader(new Blob([await packed(sample())])), {
    useWebWorkers: false,
    checkSignature: true,
  });
  const entries = await reader.getEntries();
  assert.deepEqual(
    entries.map(({ filename }) => filename),
    sample().map(({ name }) => name),
  );
  for (const entry of entries)
    if (!entry.directory)
      assert.ok(contentOf(entry.filename).equals(await entry.getData(new Uint8ArrayWriter())), entry.filename);
  await reader.close();
});

test('hundreds of entries, from a generator, as a stage', async () => {
  async function* entries() {
    for (let n = 0; n < 700; n++) yield { name: `${n}`, content: `content ${n}` };
  }
  const archive = await pipeline(entries(), zip({ level: 1 }), toBytes);
  const texts = await textsOf(zipEntries(), [archive]);
  assert.deepEqual([texts.length, texts[699]], [700, ['699', 'content 699']]);
});

test('more than 65,535 entries need zip64, which is read', { skip: lacks('python3', '--version') }, async (context) => {
  const entries = Array.from({ length: 66_000 }, (_, n) => ({ name: `${n}` }));
  const archive = await packed(entries);
  const folder = await file(context, archive);
  const count = "import zipfile; print(len(zipfile.ZipFile('a.zip').namelist()))";
  assert.equal(execFileSync('python3', ['-c', count], { cwd: folder, encoding: 'utf8' }).trim(), '66000');
  let found = 0;
  await pipeline([archive], zipEntries(), async (list) => {
    for await (const entry of list) found += Number(entry.name === `${found}`);
  });
  assert.equal(found, 66_000);
});

test('the same entries give the same bytes, however their contents are cut', async () => {
  const whole = await packed([{ name: 'a', content: [TEXT] }]);
  assert.ok((await packed([{ name: 'a', content: TEXT.match(/.{1,1000}/g) }])).equals(whole));
});

test('an error of a content is that of the whole, and the chain is freed', async () => {
  const fault = new Error('the disk is gone');
  const content = async function* () {
    yield noise(100_000);
    throw fault;
  };
  assert.equal(await failure(packed([{ name: 'a' }, { name: 'b', content: content() }])), fault);
  assert.equal(await failure(pipeline([{ name: 'b', content: content() }], zip(), toBytes)), fault);
  assert.equal(codecMemory().chains, 0);
});

test('a size that is wrong, an unsafe name and an invalid entry are errors', async () => {
  for (const size of [2, 4]) {
    const error = await failure(packed([{ name: 'a', content: stream('abc'), size }]));
    assert.deepEqual([error instanceof ArchiveError, error.code], [true, 'size-mismatch']);
  }
  assert.equal((await failure(packed([{ name: '../a' }]))).code, 'unsafe-path');
  for (const entry of [
    null,
    { name: '' },
    { name: 'a', level: 10 },
    { name: 'a', metod: 'store' },
    { name: 'a/', content: 'a' },
    { name: 'a', content: 5 },
  ]) {
    const error = await failure(packed([entry]));
    assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
  }
});

test('an abort cancels the content that is being read, and frees its chain', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  let cancelledWith;
  const content = new ReadableStream({ pull() {}, cancel: (why) => void (cancelledWith = why) }, { highWaterMark: 0 });
  const done = failure(toBytes(zip([{ name: 'a', content }], { signal: stop.signal })));
  await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort(reason);
  assert.equal(await done, reason);
  assert.equal(cancelledWith, reason);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(codecMemory().chains, 0);
});

test('the source of a content is read when the archive is', async () => {
  let pulls = 0;
  const pull = (controller) => {
    pulls += 1;
    controller.enqueue(noise(100_000, pulls));
    if (pulls === 100) controller.close();
  };
  const reader = zip([{ name: 'a', content: new ReadableStream({ pull }, { highWaterMark: 0 }) }]).getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(pulls < 8, `${pulls} pulls`);
  await reader.cancel();
});

test('whatever ends the archive of an array before its end cancels the contents that nobody has read', async () => {
  const reason = new Error('the disk is gone');
  for (const signal of [undefined, AbortSignal.abort(reason)]) {
    const seen = [];
    const content = (name) => new ReadableStream({ cancel: (why) => void seen.push([name, why]) });
    const failing = new ReadableStream({ pull: (controller) => controller.error(reason) });
    const entries = [
      { name: 'a', content: failing },
      { name: 'b', content: content('b') },
      { name: 'c', content: new Response(content('c')) },
    ];
    assert.equal(await failure(toBytes(zip(entries, { signal }))), reason);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(seen, [
      ['b', reason],
      ['c', reason],
    ]);
  }
});

test('a promise of an array that rejects before its turn is no unhandled rejection', async () => {
  const reason = new Error('no answer');
  const unhandled = [];
  const onUnhandled = (error) => unhandled.push(error);
  process.on('unhandledRejection', onUnhandled);
  try {
    const archive = zip([
      { name: 'a', content: () => new Promise((resolve) => setTimeout(resolve, 20, ['x'])) },
      { name: 'b', content: Promise.reject(reason) },
    ]);
    assert.equal(await failure(toBytes(archive)), reason);
    assert.deepEqual(unhandled, []);
  } finally {
    process.removeListener('unhandledRejection', onUnhandled);
  }
});
