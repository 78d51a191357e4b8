/** A program for Node, whose types come without a browser's: tests/packaging/types.test.mjs compiles it so. */
import { pipeline, toNative, ReadableStream } from 'tidegate';
import { gunzip } from 'tidegate/codecs';

export async function f(): Promise<number> {
  const r = await pipeline(await fetch('/'), gunzip(), async (chunks) => {
    let n = 0;
    for await (const c of chunks) n += c.byteLength;
    return n;
  });
  toNative(new ReadableStream<string>());
  return r;
}
