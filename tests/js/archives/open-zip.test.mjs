/** Zip archives read at any place: blobs, files, URLs; bombs, and whatever stands around an archive. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { openAsBlob, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { pipeline, toArray, toBytes, toText } from 'tidegate';
import { ArchiveError, fromUrl, openZip, zip } from 'tidegate/archives';
import { codecMemory } from 'tidegate/codecs';
import { failure, folderFor, lacks, noise } from './archive-support.mjs';
import { zipOf } from './zip-support.mjs';

const code = async (promise) => {
  const error = await failure(promise);
  assert.ok(error instanceof ArchiveError, String(error.stack));
  return error.code;
};
const blobOf = (entries, options) => new Blob([zipOf(entries, options)]);
const textsOf = (archive) =>
  Promise.all(archive.entries.map(async (entry) => [entry.name, await toText(entry.stream())]));
/** A source that remembers what was read. */
const recorded = (bytes) => {
  const reads = [];
  const read = (start, end) => {
    reads.push([start, end]);
    return bytes.subarray(start, end);
  };
  return { size: bytes.length, read, reads };
};

test('entries are read in any order, several at a time, as often as one likes', async () => {
  const archive = await openZip(
    blobOf([
      { name: 'a', content: 'high' },
      { name: 'b', content: noise(300_000) },
      { name: 'c', content: 'low', method: 0 },
    ]),
  );
  assert.deepEqual(
    archive.entries.map(({ name, size }) => [name, size]),
    [
      ['a', 4],
      ['b', 300_000],
      ['c', 3],
    ],
  );
  const [c, b, a, again] = await Promise.all(['c', 'b', 'a', 'c'].map((name) => toBytes(archive.get(name).stream())));
  assert.deepEqual(
    [c, b, a, again].map((bytes) => Buffer.from(bytes)),
    [Buffer.from('low'), noise(300_000), Buffer.from('high'), Buffer.from('low')],
  );
  assert.equal(archive.get('d'), undefined);
  assert.equal(codecMemory().chains, 0);
});

test('nothing is read but the directory and the entries that are asked for', async () => {
  const bytes = zipOf([
    { name: 'a', content: noise(400_000) },
    { name: 'b', content: 'b' },
    { name: 'c', content: noise(400_000) },
  ]);
  const source = recorded(bytes);
  const archive = await openZip(source);
  source.reads.length = 0;
  assert.equal(await toText(archive.get('b').stream()), 'b');
  assert.ok(
    source.reads.every(([start, end]) => start > 400_000 && end < 400_200),
    JSON.stringify(source.reads),
  );
});

test('a stored entry whose size stands behind it is read', async () => {
  const archive = await openZip(
    blobOf([
      { name: 'a', content: 'PK abc', method: 0, descriptor: 'sig32' },
      { name: 'b', content: 'b', descriptor: '64' },
    ]),
  );
  assert.deepEqual(await textsOf(archive), [
    ['a', 'PK abc'],
    ['b', 'b'],
  ]);
});

test('zip64, comments, something before the archive, fields of Unix', async () => {
  const entries = [
    { name: 'a', content: 'abc', comment: 'möwe', flags: 0x800, mode: 0o100640 },
    { name: 'link', content: 'a', mode: 0o120777, method: 0 },
  ];
  for (const options of [{}, { zip64: true }, { prefix: noise(1000) }, { zip64: true, prefix: noise(99) }]) {
    const archive = await openZip(blobOf(entries, { comment: Buffer.from('of PK\x05\x06 the archive'), ...options }));
    const [a, link] = archive.entries;
    assert.deepEqual([a.comment, a.mode, a.isSymlink, link.isSymlink], ['möwe', 0o640, false, true]);
    assert.equal(archive.comment, 'of PK\x05\x06 the archive');
    assert.deepEqual(await textsOf(archive), [
      ['a', 'abc'],
      ['link', 'a'],
    ]);
  }
});

test('an archive that ends early, wherever, is an error', async () => {
  const archive = zipOf(
    [
      { name: 'a', content: 'abc' },
      { name: 'b', content: 'b', descriptor: 'sig32' },
    ],
    { zip64: true, comment: Buffer.from('note') },
  );
  for (let length = 0; length < archive.length; length++) {
    const cut = archive.subarray(0, length);
    assert.match(await code(openZip(new Blob([cut]))), /truncated|not-zip/, `${length} bytes`);
  }
});

test('damage is found', async () => {
  const one = async (entry) =>
    toBytes((await openZip(blobOf([{ name: 'a', content: 'abcabcabc', ...entry }]))).get('a').stream());
  assert.equal(await code(one({ crc: 1 })), 'crc-mismatch');
  assert.equal(await code(one({ size: 8 })), 'size-mismatch');
  assert.equal(await code(one({ size: 10 })), 'size-mismatch');
  assert.equal(await code(one({ data: Buffer.from([7]) })), 'corrupt');
  const bytes = zipOf([{ name: 'a', content: 'abc' }]);
  bytes[0] = 0;
  const archive = await openZip(new Blob([bytes]));
  assert.equal(await code(toBytes(archive.get('a').stream())), 'corrupt');
  assert.equal(await code(openZip(new Blob(['no archive']))), 'not-zip');
  assert.equal(codecMemory().chains, 0);
});

test('bombs of overlapping entries are refused before anything is unpacked', async () => {
  const content = Buffer.alloc(1_000_000);
  const same = zipOf([
    { name: 'a', content },
    { name: 'b', content, offset: 0 },
    { name: 'c', content, offset: 0 },
  ]);
  assert.equal(await code(openZip(new Blob([same]))), 'overlapping-entries');
  // The data of the first entry has the header of the second in it, as a stored block.
  const inner = zipOf([{ name: 'b', content }]);
  const end = inner.lastIndexOf(Buffer.from('PK\x01\x02'));
  const header = 30 + 1;
  const quoted = zipOf([
    { name: 'a', data: inner.subarray(0, end), content, method: 0 },
    { name: 'b', content, data: inner.subarray(header, end), offset: header },
  ]);
  assert.equal(await code(openZip(new Blob([quoted]))), 'overlapping-entries');
  // In an extra field, which only the local header has.
  const extra = Buffer.concat([Buffer.from([0x99, 0x99, 40, 0]), Buffer.alloc(40)]);
  const hidden = zipOf([
    { name: 'a', content: 'abc', local: extra },
    { name: 'b', content: 'abc', offset: 40 },
  ]);
  assert.equal(
    await code(openZip(new Blob([hidden])).then((archive) => toBytes(archive.get('a').stream()))),
    'overlapping-entries',
  );
});

test('a nested archive is a content like any other, and limits hold', async () => {
  const inner = zipOf([{ name: 'zeros', content: Buffer.alloc(10_000_000) }]);
  const blob = blobOf([{ name: 'inner.zip', content: inner }, { name: 'b' }]);
  const outer = await openZip(blob);
  const nested = await openZip(new Blob([await toBytes(outer.get('inner.zip').stream())]), { maxEntryBytes: 1e6 });
  assert.throws(() => nested.get('zeros').stream(), { code: 'entry-too-large' });
  const ratio = await openZip(new Blob([inner]), { maxRatio: 100 });
  assert.equal(await code(toBytes(ratio.get('zeros').stream())), 'ratio-too-high');
  assert.equal(await code(openZip(blob, { maxEntries: 1 })), 'too-many-entries');
});

test('names and links that lead out are refused, unless they are allowed', async () => {
  const link = (content) => ({ name: 'a/link', content, mode: 0o120777, method: 0 });
  for (const name of ['../x', '/x', 'C:\\x', 'folder\\x', 'a/link/x']) {
    const blob = blobOf([link('b'), { name, host: 0 }]);
    assert.equal(await code(openZip(blob)), 'unsafe-path', name);
    assert.equal((await openZip(blob, { allowUnsafePaths: true })).entries[1].name, name);
  }
  const read = async (target, options) => toText((await openZip(blobOf([link(target)]), options)).entries[0].stream());
  for (const target of ['/etc', '../../x', 'b/../../..']) {
    assert.equal(await code(read(target)), 'unsafe-path', target);
    assert.equal(await read(target, { allowUnsafePaths: true }), target);
  }
  assert.equal(await read('../b'), '../b');
});

test('an abort, and a cancel, end a read and free its chain', async () => {
  const stop = new AbortController();
  const archive = await openZip(blobOf([{ name: 'a', content: noise(2_000_000) }]));
  const reader = archive.get('a').stream({ signal: stop.signal }).getReader();
  await reader.read();
  stop.abort(new Error('enough'));
  assert.equal((await failure(reader.read())).message, 'enough');
  const other = archive.get('a').stream().getReader();
  await other.read();
  await other.cancel();
  assert.equal(codecMemory().chains, 0);
  assert.equal((await failure(openZip(blobOf([]), { signal: AbortSignal.abort(new Error('no')) }))).message, 'no');
});

test('a file of node:fs is a source, by two lines', async (context) => {
  const path = join(folderFor(context), 'a.zip');
  writeFileSync(path, zipOf([{ name: 'a', content: noise(600_000) }]));
  const handle = await open(path);
  context.after(() => handle.close());
  const read = async (start, end) => (await handle.read(new Uint8Array(end - start), 0, end - start, start)).buffer;
  const archive = await openZip({ size: (await handle.stat()).size, read });
  assert.deepEqual(Buffer.from(await toBytes(archive.get('a').stream())), noise(600_000));
  if (openAsBlob !== undefined) assert.equal((await openZip(await openAsBlob(path))).entries.length, 1);
});

test('what zip() writes openZip() reads', async () => {
  const archive = await openZip(
    new Blob([await toBytes(zip([{ name: 'möwe', content: 'gull', comment: 'white' }], { comment: 'birds' }))]),
  );
  assert.deepEqual(
    [archive.comment, archive.get('möwe').comment, await toText(archive.get('möwe').stream())],
    ['birds', 'white', 'gull'],
  );
});

test('Info-ZIP and Python are read', { skip: lacks('zip', '-v') || lacks('python3', '--version') }, async (context) => {
  const folder = folderFor(context);
  writeFileSync(join(folder, 'möwe'), noise(50_000));
  execFileSync('zip', ['-q', 'a.zip', 'möwe'], { cwd: folder });
  execFileSync('python3', ['-c', "import zipfile; z = zipfile.ZipFile('b.zip', 'w', 8); z.write('möwe'); z.close()"], {
    cwd: folder,
  });
  for (const name of ['a.zip', 'b.zip']) {
    const archive = await openZip(new Blob([readFileSync(join(folder, name))]));
    assert.deepEqual(Buffer.from(await toBytes(archive.get('möwe').stream())), noise(50_000), name);
  }
});

/** Serves `files.bytes` by ranges. */
async function serve(context, files) {
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request.headers.range);
    const { bytes, etag = '"1"', ranges = true } = files;
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (etag) response.setHeader('etag', etag);
    if (first === undefined || !ranges) return response.end(bytes);
    response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${bytes.length}` });
    return response.end(bytes.subarray(Number(first), Number(last) + 1));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  context.after(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}/a.zip`, requests };
}

test('a URL is read by ranges, and never two versions of it', async (context) => {
  const files = {
    bytes: zipOf([
      { name: 'a', content: noise(500_000) },
      { name: 'b', content: 'b' },
    ]),
  };
  const { url, requests } = await serve(context, files);
  const archive = await openZip(fromUrl(url));
  const before = requests.length;
  assert.equal(await toText(archive.get('b').stream()), 'b');
  assert.equal(requests.length, before + 1);
  assert.deepEqual(Buffer.from(await toBytes(archive.get('a').stream())), noise(500_000));
  files.etag = '"2"';
  assert.equal(await code(toText(archive.get('b').stream())), 'changed');
  files.etag = '"1"';
  files.bytes = Buffer.concat([files.bytes, Buffer.alloc(1)]);
  assert.equal(await code(toText(archive.get('b').stream())), 'changed');
});

test('a server without ranges, or without a strong validator, is refused', async (context) => {
  const files = { bytes: zipOf([{ name: 'a' }]), ranges: false };
  const { url } = await serve(context, files);
  assert.equal(await code(fromUrl(url)), 'no-ranges');
  for (const etag of ['W/"1"', '']) {
    Object.assign(files, { ranges: true, etag });
    assert.equal(await code(fromUrl(url)), 'no-ranges');
  }
});

test('what is no source is refused with advice', async () => {
  await assert.rejects(openZip(new Uint8Array(3)), /new Blob\(\[bytes\]\)/);
  await assert.rejects(openZip('a.zip'), /fromUrl/);
  await assert.rejects(openZip(new Blob([]), { maxEntry: 1 }), /there is no option/);
  assert.deepEqual(await pipeline([], zip(), toArray).then(([bytes]) => bytes.length), 22);
});

test('what follows an archive is an error by default, and is passed over if asked', async () => {
  const archive = zipOf([{ name: 'a', content: 'high' }], { comment: Buffer.from('of the tide') });
  for (const rest of ['x', 'x'.repeat(60_000), 'PK\x05\x06']) {
    const blob = new Blob([archive, rest]);
    const error = await failure(openZip(blob));
    assert.deepEqual([error.code, error.offset], ['trailing-data', archive.length], `${rest.length} bytes`);
    const opened = await openZip(blob, { trailing: 'ignore' });
    assert.deepEqual([await textsOf(opened), opened.comment], [[['a', 'high']], 'of the tide']);
  }
  assert.equal(await code(openZip(new Blob([archive.subarray(0, -1)]), { trailing: 'ignore' })), 'truncated');
});
