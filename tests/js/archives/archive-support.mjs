/** What the tests of archives have in common. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline, toBytes } from 'tidegate';

/** `bytes` in pieces of `size`, with an empty one after each. */
export function* pieces(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) {
    yield new Uint8Array(bytes.subarray(at, at + size));
    yield new Uint8Array(0);
  }
}

/** The entries that a stage reads of chunks, each with its content. */
export async function read(stage, chunks) {
  const list = [];
  await pipeline(chunks, stage, async (entries) => {
    for await (const entry of entries) list.push({ entry, content: Buffer.from(await toBytes(entry.stream())) });
  });
  return list;
}

/** The names and texts that a stage reads. */
export const textsOf = async (stage, chunks) =>
  (await read(stage, chunks)).map(({ entry, content }) => [entry.name, content.toString()]);

/** What a promise rejects with. */
export const failure = (promise) =>
  promise.then(
    (value) => {
      throw new Error('it did not fail', { cause: value });
    },
    (error) => error,
  );

/** A folder that is removed when the test ends. */
export function folderFor(context) {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-archives-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Whether a program runs; a test without it skips by its name. */
export function lacks(program, ...args) {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return false;
  } catch {
    return `this machine has no ${program}`;
  }
}

/** 7-Zip, by the name that this machine has it. */
export const sevenZip = ['7zz', '7z', '7za'].find((program) => !lacks(program));
export const lacksSevenZip = sevenZip === undefined && 'this machine has no 7z';

/** Compresses badly, and is the same in each run. */
export function noise(length, seed = 1) {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = seed; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
