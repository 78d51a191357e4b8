/** Writes a zip archive in a page, opens it as a Blob, and reads it forward; and tar likewise. */
import { pipeline, toBlob, toBytes, toText } from '/dist/index.js';
import { openZip, tar, tarEntries, zip, zipEntries } from '/dist/archives.js';

const noise = (length) => {
  const bytes = new Uint8Array(length);
  for (let at = 0, state = 1; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
};

const entries = () => [
  { name: 'möwe.txt', content: 'gull' },
  { name: 'file', content: new File([noise(300_000)], 'file', { lastModified: 1e12 }) },
  { name: 'stream', content: new Blob(['tide '.repeat(50_000)]).stream(), size: 250_000 },
  { name: 'stored', content: new Blob([noise(5000)]), method: 'store' },
];

const sizesOf = async (list) => {
  const sizes = {};
  for await (const entry of list) sizes[entry.name] = (await toBytes(entry.stream())).length;
  return sizes;
};

async function run() {
  const blob = await toBlob(zip(entries()));
  const archive = await openZip(blob);
  const sizes = await sizesOf(archive.entries);
  const forward = await pipeline(blob, zipEntries(), sizesOf);
  const tarred = await pipeline(
    tar(entries().map(({ name, content, size }) => ({ name, content, size }))),
    tarEntries(),
    sizesOf,
  );
  return {
    sizes,
    forward,
    tarred,
    text: await toText(archive.get('möwe.txt').stream()),
    modified: archive.get('file').modified.getTime(),
    truncated: await openZip(blob.slice(0, blob.size - 10)).catch(({ code }) => code),
  };
}

const seen = await run().catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch(new URL(location.href).searchParams.get('result'), {
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: JSON.stringify(seen),
});
