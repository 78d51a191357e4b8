/**
 * Chunks that nobody will receive. A stream's `onDrop(chunks)` gets them in an array. It is undefined unless the page
 * asked for it, so other streams pay nothing.
 *
 * Invariants:
 * 1. A stream owns every chunk that enqueue() or write() was called with, whatever they return: it passes the chunk on
 *    or drops it, once.
 * 2. `onDrop` runs no user code, so it may be called in the middle of a transition. The page receives the chunks in a
 *    separate microtask.
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

/** Drops the rest of a queue that `stream` no longer uses. */
export function dropAll(stream: Dropping, queue: Fifo<unknown> | unknown[] | undefined): void {
  if (stream.onDrop === undefined || !queue?.length) return;
  const chunks: unknown[] = [];
  while (queue.length > 0) append(chunks, queue.shift());
  stream.onDrop(chunks);
}

/** Drops a chunk that `stream` does not accept. */
export function drop(stream: Dropping, chunk: unknown): void {
  if (stream.onDrop !== undefined) stream.onDrop([chunk]);
}

/** The page's `onDiscard` of either kind as a function; undefined if there is none. */
export function convertOnDiscard(value: unknown, context: string): DiscardFunction | undefined {
  if (value === undefined || typeof value === 'function') return value as DiscardFunction | undefined;
  if (value === 'dispose') return dispose;
  throw new TypeError(
    `${context}: onDiscard must be a function or 'dispose'; got ${typeof value === 'string' ? `'${value}'` : typeof value}`,
  );
}

type Disposable = { [key: symbol]: (() => unknown) | undefined };

/**
 * Implements `onDiscard: 'dispose'`. In engines without these symbols, whoever made the chunk defines them, possibly
 * after the import.
 */
function dispose(chunk: unknown): unknown {
  if (Array.isArray(chunk)) return Promise.all(chunk.map(dispose));
  if (!isObject(chunk)) return undefined;
  const { asyncDispose, dispose: sync } = Symbol as { asyncDispose?: symbol; dispose?: symbol };
  if (asyncDispose && typeof (chunk as Disposable)[asyncDispose] === 'function')
    return (chunk as Disposable)[asyncDispose]!();
  return sync && typeof (chunk as Disposable)[sync] === 'function' ? (chunk as Disposable)[sync]!() : undefined;
}

/**
 * An `onDrop` that calls the page's `onDiscard`. An error that it throws is reported like a rejected promise: as an
 * unhandled rejection.
 */
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
 * Branches that share their chunks. A chunk is discarded when the last branch has dropped it; a branch that has ended
 * drops every later chunk. Equal chunks are counted: a branch always drops the last of the chunks that it would have
 * received.
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
