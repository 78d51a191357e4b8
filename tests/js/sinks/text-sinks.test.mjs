/** Strings on their way to bytes: a pair of surrogates that lies in two chunks is the character it is, in every sink that encodes. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { PassThrough, Writable } from 'node:stream';
import { openAsBlob } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline, toBlob, toBytes, toFetch, toFile, toResponse, toText } from 'tidegate';

const TEXT = 'e😀🏳️‍🌈\u{10ffff}é';
const LEAD = '\ud83d';

let server;
let url;
let folder;
const bodies = new Map();
let requests = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-text-'));
  server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    bodies.set(request.url, [...(bodies.get(request.url) ?? []), ...chunks]);
    response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

async function uploaded(chunks, options) {
  const path = `/${requests++}`;
  await pipeline(chunks, toFetch(url + path, options));
  return Buffer.concat(bodies.get(path)).toString();
}

/** A handle of a file of this system, with what toFile() uses of one. */
async function handleOf(path) {
  await writeFile(path, '');
  return {
    getFile: () => openAsBlob(path),
    async createWritable() {
      const file = await open(path, 'w');
      return { write: (bytes) => file.write(bytes), close: () => file.close(), abort: () => file.close() };
    },
  };
}

async function written(chunks) {
  const pieces = [];
  await pipeline(chunks, new Writable({ write: (chunk, encoding, done) => done(void pieces.push(chunk)) }));
  return Buffer.concat(pieces).toString();
}

/** What each makes of `chunks`, as text. */
const sinks = {
  toBytes: async (chunks) => Buffer.from(await toBytes(chunks)).toString(),
  toBlob: async (chunks) => (await toBlob(chunks)).text(),
  toText,
  async toResponse(chunks) {
    const sink = toResponse();
    const [text] = await Promise.all([sink.response.text(), pipeline(chunks, sink)]);
    return text;
  },
  'toFetch that streams': (chunks) => uploaded(chunks, { as: 'stream' }),
  'toFetch that collects': (chunks) => uploaded(chunks, { as: 'collect' }),
  'toFetch in parts': (chunks) => uploaded(chunks, { as: 'parts', partSize: 3 }),
  async toFile(chunks) {
    const path = join(folder, 'file');
    await pipeline(chunks, toFile(await handleOf(path), { gather: 0 }));
    return readFile(path, 'utf8');
  },
  'a Writable of Node': written,
  async 'a Transform of Node'(chunks) {
    let text = '';
    await pipeline(chunks, new PassThrough(), async (all) => {
      const decoder = new TextDecoder();
      for await (const bytes of all) text += decoder.decode(bytes, { stream: true });
    });
    return text;
  },
};

for (const [name, textOf] of Object.entries(sinks)) {
  describe(name, () => {
    test('gives the same text wherever it is cut', async () => {
      for (let cut = 0; cut <= TEXT.length; cut += 1)
        assert.equal(await textOf([TEXT.slice(0, cut), TEXT.slice(cut)]), TEXT, `cut at ${cut}`);
      assert.equal(await textOf(TEXT.split('')), TEXT, 'cut everywhere');
      assert.equal(
        await textOf(TEXT.split('').flatMap((unit) => [unit, '', new Uint8Array(0)])),
        TEXT,
        'cut everywhere, with chunks of nothing between',
      );
    });

    test('gives U+FFFD for half a pair that nothing follows, at the end or before bytes', async () => {
      const wellFormed = async (chunks) =>
        (await textOf(chunks)).toWellFormed?.() ?? (await textOf(chunks)).replace(/\p{Cs}/gu, '\ufffd');
      assert.equal(await wellFormed(['a', LEAD]), 'a\ufffd');
      assert.equal(await wellFormed([LEAD, new TextEncoder().encode('b'), '\ude00']), '\ufffdb\ufffd');
      assert.equal(await wellFormed([LEAD, LEAD, '\ude00']), '\ufffd😀');
    });
  });
}

test('toText joins bytes of a character that has nothing but empty chunks between', async () => {
  assert.equal(await toText([Uint8Array.of(0xc3), '', new Uint8Array(0), Uint8Array.of(0xa9)]), 'é');
});

test('a Writable of Node that takes values gets each string as it is', async () => {
  const values = [];
  await pipeline(
    [`a${LEAD}`, '\ude00'],
    new Writable({ objectMode: true, write: (value, encoding, done) => done(void values.push(value)) }),
  );
  assert.deepEqual(values, [`a${LEAD}`, '\ude00']);
});
