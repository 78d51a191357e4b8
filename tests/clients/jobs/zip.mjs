/** @zip.js/zip.js: archives from streams and into streams, in its own workers where there are any. */
import { configure, TextReader, Uint8ArrayReader, ZipReader, ZipWriter } from '@zip.js/zip.js';
import { failureOf, settled, sink, source, summary } from './parts.mjs';

async function archive(env, pause) {
  const { stream, pieces } = sink(env, pause);
  const writer = new ZipWriter({ writable: env.theirs(stream) });
  await writer.add('a.bin', { readable: source(env, 40) });
  await writer.add('b.txt', new TextReader('high tide '.repeat(5000)));
  await Promise.all([
    writer.add('c.bin', { readable: source(env, 12) }),
    writer.add('d.bin', { readable: source(env, 9) }, { level: 0 }),
  ]);
  await writer.close();
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

async function unpacked(env, bytes, pause) {
  const reader = new ZipReader(new Uint8ArrayReader(bytes));
  const files = {};
  for (const entry of await reader.getEntries()) {
    const { stream, pieces } = sink(env, pause);
    await entry.getData({ writable: env.theirs(stream) }, { checkSignature: true });
    files[entry.filename] = await summary(pieces);
  }
  await reader.close();
  return files;
}

async function abortedAdd(env) {
  const controller = new AbortController();
  const writer = new ZipWriter({ writable: env.theirs(sink(env).stream) });
  let isCancelled = false;
  const adding = writer.add(
    'a.bin',
    {
      readable: source(env, Infinity, {
        cancelled: () => {
          isCancelled = true;
        },
      }),
    },
    { signal: controller.signal },
  );
  setTimeout(() => controller.abort(new TypeError('no more')), 30);
  return { failure: await settled(failureOf(adding)), isCancelled };
}

export async function run(env) {
  configure({ useWebWorkers: env.place !== 'node' });
  const bytes = await settled(archive(env, 0));
  const slow = await settled(archive(env, 1));
  const damaged = bytes.slice();
  damaged[20_000] ^= 1;
  return {
    files: await settled(unpacked(env, bytes, 0)),
    'files of a slow archive, read slowly': await settled(unpacked(env, slow, 1)),
    'a source that fails': await settled(
      failureOf(
        new ZipWriter({ writable: env.theirs(sink(env).stream) }).add('a.bin', {
          readable: source(env, 20, { failAt: 9 }),
        }),
      ),
    ),
    'an archive with a wrong byte': await settled(failureOf(unpacked(env, damaged, 0))),
    'an abort in the middle': await abortedAdd(env),
  };
}
