/**
 * What a page and a worker say to each other. A chain has a port of its own, on which:
 *
 * 1. The page sends input, at most `INPUT_WINDOW` bytes more than the worker has taken, and credit for output. It closes
 *    the port when it has no more use for the chain.
 * 2. The worker sends reports. It sends no batch while the output that the page has not taken is `OUTPUT_WINDOW` bytes or
 *    more. So a report goes at most one batch beyond it.
 * 3. After a report that has an `end` there is none.
 *
 * Bytes are moved, never copied.
 */
import type { Bytes } from '../../runtime/buffers.js';
import type { AnyFamily } from '../module.js';
import type { CodecErrorCode } from '../error.js';
import type { Takes } from '../output.js';
import type { GzipHeader, Parts, ProducedColumns, StageStats } from '../segment.js';

declare const TIDEGATE_BUILD: string;
/** The build of the package: a worker of another speaks another protocol, or has other modules. */
export const BUILD = TIDEGATE_BUILD;

/** From a worker, once: it runs. */
export interface Ready {
  readonly tidegate: 'ready';
  readonly build: string;
}

/** Bytes of input that a chain in a worker may hold before its own queue. */
export const INPUT_WINDOW = 2 ** 18;
/** Bytes of output that may be on the way to the page. */
export const OUTPUT_WINDOW = 2 ** 20;

/** A call of an export with these arguments; or bytes that are put where an earlier call, of this number, has said. */
export type Call =
  { readonly name: string; readonly args: readonly unknown[] } | { readonly after: number; readonly bytes: Uint8Array };

/** A codec as the calls that add it to a chain. */
export interface RemoteCodec {
  readonly name: string;
  /** The name of its Wasm module. */
  readonly family: string;
  readonly calls: readonly Call[];
}

/** To a worker or from one: a family's module, which is compiled once. */
export interface CompiledModule {
  readonly tidegate: 'module';
  readonly build: string;
  readonly family: string;
  readonly module: WebAssembly.Module;
}

/** To a worker: a chain begins. */
export interface Opening {
  readonly tidegate: 'open';
  readonly port: MessagePort;
  readonly codecs: readonly RemoteCodec[];
  /** What is made of the chain's output. */
  readonly takes: Takes;
}

/** To a chain. */
export interface Order {
  /** More input. */
  readonly input?: Bytes;
  /** There is no more after this. */
  readonly last?: boolean;
  /** So many flushes have been asked for, this one after all input so far. */
  readonly flushes?: number;
  /** Bytes of output that the page has taken. */
  readonly credit?: number;
  /** Buffers of text that it has no more use for, so that they need not be garbage. */
  readonly spent?: readonly ArrayBuffer[];
}

/** Output of a chain: bytes, text or columns. */
export type Batch = Parts | { readonly bytes: Bytes } | { readonly columns: ProducedColumns };

/** What an error in a worker is on the page. */
export interface RemoteError {
  readonly message: string;
  /** Of a `CodecError`. */
  readonly details?: { readonly codec: string; readonly code: CodecErrorCode; readonly offset: number };
  /** Of json. */
  readonly path?: string | undefined;
  /** Of a `BadValue`. */
  readonly place?: { readonly row: number; readonly column: number };
  readonly cause?: string | undefined;
}

/** How a chain has ended: with the digests of its stages, or with an error. */
export type End = { readonly digests: readonly Bytes[] } | { readonly error: RemoteError };

/** From a chain. */
export interface Report {
  /** Those that gunzip has found, with the tags of the codecs: before the batches. */
  readonly headers: readonly [tag: number, header: GzipHeader][];
  readonly batches: readonly Batch[];
  /** Buffers of input that it has taken, so that they can be filled again. */
  readonly spent: readonly ArrayBuffer[];
  /** Bytes of input that it has taken since the last report. */
  readonly taken: number;
  /** It can do nothing without more input. */
  readonly isDry: boolean;
  /** How many flushes are done: what they produced is in the batches so far. */
  readonly flushed: number;
  readonly stats: readonly StageStats[];
  /** As in `ProducedColumns`. */
  readonly invalid: number;
  /** The delimiter that csv has chosen; 0 if there is none. */
  readonly delimiter: number;
  readonly end?: End | undefined;
}

/** The buffers of a batch that are to be moved. Empty ones may be shared. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  if ('bytes' in batch) return [batch.bytes.buffer];
  return (batch.columns.columns ?? []).flatMap(({ values, offsets, validity, texts }) =>
    [values, offsets, validity, texts].flatMap((part) => (part === null || part.byteLength === 0 ? [] : [part.buffer])),
  );
}

/** Bytes that a batch counts for in `OUTPUT_WINDOW`. */
export function sizeOf(batch: Batch): number {
  if (!('bytes' in batch)) return buffersOf(batch).reduce((sum, { byteLength }) => sum + byteLength, 0);
  return batch.bytes.byteLength + ('ends' in batch ? batch.ends.byteLength + batch.rows.byteLength : 0);
}

/** Takes a module that the other side has compiled, if it is the one that this side would compile. */
export function adopt(
  { build, family, module }: CompiledModule,
  familyOf: (name: string) => AnyFamily | undefined,
): void {
  if (build !== BUILD || Object.prototype.toString.call(module) !== '[object WebAssembly.Module]') return;
  const found = familyOf(family);
  if (found !== undefined) found.module.compiled ??= module;
}
