/** How workloads get their chunks of 64 KiB, and how they are read. */
import { pipeline } from 'tidegate';

export const CHUNK = 65_536;

export function* chunksOf(bytes) {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

/** The engine's own stream of the chunks. */
export function nativeOf(bytes) {
  const chunks = chunksOf(bytes);
  return new ReadableStream({
    pull(controller) {
      const { done, value } = chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

/** Calls `see` with each chunk of the engine's own stream. */
export async function readAll(stream, see) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    see(value);
  }
}

/** Runs our pipeline, whose consumer calls `see` with each chunk. */
export const runOurs = (source, stages, see) =>
  pipeline(source, ...stages, async (chunks) => {
    for await (const chunk of chunks) see(chunk);
  });
