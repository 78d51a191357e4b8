/** Archives: what entries are, and what the writers take. */
import { gunzip, gzip } from 'tidegate/codecs';
import { pipeline, toBytes } from 'tidegate';
import { ArchiveError, fromUrl, openZip, tar, tarEntries, zip, zipEntries } from 'tidegate/archives';
import type { Bytes, Operator, ReadableStream } from 'tidegate';
import type { ArchiveErrorCode, TarEntry, TarEntryInput, ZipEntry } from 'tidegate/archives';
import type { Equal, Expect } from './expect.js';

async function zipSizes(sizes: AsyncIterable<number | undefined>): Promise<(number | undefined)[]> {
  const all = [];
  for await (const size of sizes) all.push(size);
  return all;
}

export async function tars(blob: Blob): Promise<void> {
  const names = await pipeline(blob, gunzip(), tarEntries({ filter: (entry) => entry.size > 0 }), async (entries) => {
    const found: string[] = [];
    for await (const entry of entries) {
      const stream = entry.stream();
      type Content = Expect<Equal<typeof stream, ReadableStream<Bytes>>>;
      found.push(entry.name, entry.type satisfies TarEntry['type']);
    }
    return found;
  });
  type Names = Expect<Equal<typeof names, string[]>>;
  const stage = tar();
  type Stage = Expect<Equal<typeof stage, Operator<TarEntryInput, Bytes>>>;
  await pipeline(
    tar([{ name: 'a', content: blob, modified: new Date() }], { allowUnsafePaths: true }),
    gzip(),
    toBytes,
  );
  await pipeline([{ name: 'a', content: () => fetch('a'), size: 3 }], tar(), toBytes);
  const sizes = await pipeline(blob, zipEntries({ maxRatio: 100 }), (entry) => entry.size, zipSizes);
  type Sizes = Expect<Equal<typeof sizes, (number | undefined)[]>>;
  await pipeline(zip([{ name: 'a', content: 'a', method: 'store' }], { comment: 'of the archive' }), toBytes);
  await pipeline([{ name: 'a', content: blob, level: 9 }], zip(), toBytes);
  const archive = await openZip(fromUrl('a.zip'), { maxEntries: 10 });
  const entry = archive.get('a');
  type Found = Expect<Equal<typeof entry, ZipEntry | undefined>>;
  const bytes = await openZip({ size: 3, read: (start, end) => new Uint8Array(end - start) });
  bytes.entries[0]?.stream() satisfies ReadableStream<Bytes> | undefined;
  await openZip(blob);
  try {
    // @ts-expect-error there is no such option
    tarEntries({ maxEntry: 1 });
    // @ts-expect-error an entry has a name
    tar([{ content: 'a' }]);
  } catch (error) {
    if (error instanceof ArchiveError) error.code satisfies ArchiveErrorCode;
  }
}
