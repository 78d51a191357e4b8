/**
 * Chunks that nobody will get. A stream's `onDrop(chunks)` takes them in an array; it is undefined unless somebody asked, so that
 * streams of others pay nothing.
 *
 * Invariants:
 * 1. A chunk that enqueue() or write() was called with is the stream's, whatever they answer: it is handed on or dropped, once.
 * 2. `onDrop` calls no code of the page's, so it may be called in the middle of a transition: the page gets the chunks in a
 *    microtask of its own.
 */
import { append, promiseReject } from '../runtime/intrinsics.js';
import { schedule } from '../runtime/jobs.js';
import type { Fifo } from '../runtime/fifo.js';
import type { OnDrop } from './parts.js';

/**
 * A function that closes a chunk that no consumer will receive, such as one in the queue of a stream that is cancelled,
 * aborted or errored. It is called in a microtask, once for each chunk. An error that it throws or rejects with is an
 * unhandled rejection.
 *
 * `'dispose'` calls the chunk's `Symbol.asyncDispose`, else its `Symbol.dispose`, if it has one. For an array it does
 * so with each element.
 */
export type OnDiscard<T = any> = ((chunk: T) => unknown) | 'dispose';

/** The page's `onDiscard`, as a function. */
export type DiscardFunction = (chunk: unknown) => unknown;

interface Dropping {
  onDrop?: OnDrop | undefined;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Drops what is left in a queue that `stream` no longer uses. */
export function dropAll(stream: Dropping, queue: Fifo<unknown> | unknown[] | undefined): void {
  if (stream.onDrop === undefined || !queue?.length) return;
  const chunks: unknown[] = [];
  while (queue.length > 0) append(chunks, queue.shift());
  stream.onDrop(chunks);
}

/** Drops a chunk that `stream` does not take. */
export function drop(stream: Dropping, chunk: unknown): void {
  if (stream.onDrop !== undefined) stream.onDrop([chunk]);
}

/** The page's `onDiscard`, of whatever kind, as a function; undefined where there is none. */
export function convertOnDiscard(value: unknown, context: string): DiscardFunction | undefined {
  if (value === undefined || typeof value === 'function') return value as DiscardFunction | undefined;
  if (value === 'dispose') return dispose;
  throw new TypeError(
    `${context}: onDiscard must be a function or 'dispose'; got ${typeof value === 'string' ? `'${value}'` : typeof value}`,
  );
}

type Disposable = { [key: symbol]: (() => unknown) | undefined };

/** What `onDiscard: 'dispose'` does. Engines without these symbols have them from whoever made the chunk, maybe later than the import. */
function dispose(chunk: unknown): unknown {
  if (Array.isArray(chunk)) return Promise.all(chunk.map(dispose));
  if (!isObject(chunk)) return undefined;
  const { asyncDispose, dispose: sync } = Symbol as { asyncDispose?: symbol; dispose?: symbol };
  if (asyncDispose && typeof (chunk as Disposable)[asyncDispose] === 'function')
    return (chunk as Disposable)[asyncDispose]!();
  return sync && typeof (chunk as Disposable)[sync] === 'function' ? (chunk as Disposable)[sync]!() : undefined;
}

/** An `onDrop` that calls the page's `onDiscard`. What that throws is reported as a promise of it would be: as an unhandled rejection. */
export const dropper = (onDiscard: DiscardFunction | undefined): OnDrop | undefined =>
  onDiscard && ((chunks) => schedule(discard, { onDiscard, chunks }));

function discard({ onDiscard, chunks }: { onDiscard: DiscardFunction; chunks: unknown[] }): void {
  for (let n = 0; n < chunks.length; n++) {
    try {
      onDiscard(chunks[n]);
    } catch (error) {
      promiseReject(error);
    }
  }
}

/**
 * Branches that get the same chunks: one is dropped when the last of them has dropped it, and every branch that has ended drops what it
 * is not given any more. Chunks that are equal are counted: what a branch drops is always the last of what it would have got.
 */
export class SharedDrops {
  #branches: number;
  #onDrop: OnDrop;
  #objects = new WeakMap<object, number[]>();
  #values = new Map<unknown, number[]>();

  constructor(branches: number, onDrop: OnDrop) {
    this.#branches = branches;
    this.#onDrop = onDrop;
  }

  /** The `onDrop` of a branch. */
  of(branch: number): OnDrop {
    return (chunks) => {
      for (let n = 0; n < chunks.length; n++) this.drop(branch, chunks[n]);
    };
  }

  drop(branch: number, chunk: unknown): void {
    const counted = (isObject(chunk) ? this.#objects : this.#values) as Map<unknown, number[]>;
    let counts = counted.get(chunk);
    if (counts === undefined) counted.set(chunk, (counts = new Array(this.#branches).fill(0)));
    const before = Math.min(...counts);
    counts[branch]! += 1;
    if (Math.min(...counts) > before) this.#onDrop([chunk]);
  }
}
