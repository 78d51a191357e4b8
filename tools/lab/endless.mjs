/**
 * The lab's file without an end: a gzip CSV whose members repeat one block of rows, so that serving it costs next to nothing. It
 * also comes in parts, one a request: an engine that does not hold its network back swallows a part at most.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CsvGenerator, MAX_SIZE } from './generator.mjs';

/** Blocks of 256 KiB in the member that repeats. */
const BLOCKS = 16;
/** Bytes of gzip in a part, about. */
const PART_SIZE = 2e6;

const pack = promisify(gzip);
let members;

/**
 * The gzip members that an endless file is made of. Computed once.
 *
 * @returns {Promise<{ head: Buffer, block: Buffer }>} `head` begins with the header row and comes once; `block` is rows only
 */
export function endlessMembers() {
  members ??= makeMembers();
  return members;
}

async function makeMembers() {
  const generator = new CsvGenerator(MAX_SIZE);
  const first = generator.next();
  const rest = Array.from({ length: BLOCKS }, () => generator.next());
  const [head, block] = await Promise.all([pack(first), pack(Buffer.concat(rest))]);
  return { head, block };
}

/**
 * The file, as chunks of at most 64 KiB, so that what is counted is what a socket took.
 *
 * @param {number | null} part from 0, of which the first one begins with the header row; null for all of it, which never ends
 */
export async function* endlessFile(part) {
  const { head, block } = await endlessMembers();
  if (!part) yield* slices(head);
  const size = part === null ? Infinity : PART_SIZE;
  for (let sent = 0; sent < size; sent += block.length) yield* slices(block);
}

function* slices(bytes) {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
