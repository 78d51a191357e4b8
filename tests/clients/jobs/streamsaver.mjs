/** streamsaver: a file that its service worker, which knows nothing of tidegate, gives to the browser as a download. */
import streamSaver from 'streamsaver';
import { failureOf, settled, sleep, source } from './parts.mjs';

/** A browser makes an empty file first. */
async function fileOf(name) {
  for (let tries = 0; tries < 150; tries += 1) {
    const file = await (await fetch(`/disk?name=${name}`)).json();
    if (file.size > 0) return file;
    await sleep(50);
  }
  return 'no file';
}

export async function run(env) {
  const { url, mode } = env;
  streamSaver.mitm = new URL('/streamsaver/mitm.html', url).href;
  if (mode === 'own') Object.assign(streamSaver, { WritableStream: env.WritableStream });
  const into = (name) => env.ours(streamSaver.createWriteStream(name));
  const saved = `saved-${mode}.bin`;
  const result = await settled(failureOf(source(env, 100).pipeTo(into(saved))));
  const file = await fileOf(saved);
  const broken = await settled(failureOf(source(env, 100, { failAt: 3 }).pipeTo(into(`broken-${mode}.bin`))));
  return { result, file, broken };
}
