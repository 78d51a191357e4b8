/**
 * Reads the arguments of `pipeline()`: which is the source, which are stages, which is the sink, which are the options.
 * Everything is checked before anything is touched, so a refused call locks and starts nothing.
 */
import { kStages } from '../values/symbols.js';
import { describe } from '../values/describe.js';
import * as is from '../bridge/kinds.js';
import { hasOnlyOptions, readOptions } from './options.js';
import { refusalOfSource } from './sources.js';
import type { ComposedStage } from '../bridge/stages.js';
import type { ReadOptions } from './options.js';
import type { Stage } from './parts.js';

/** The arguments of `pipeline()`, read. */
interface Arguments {
  readonly source: unknown;
  readonly stages: Stage[];
  readonly sink: unknown;
  /** The number of the sink among the parts. */
  readonly last: number;
  readonly options: ReadOptions;
}

/**
 * @param caller the function that errors name
 * @throws {TypeError} saying which argument is wrong, how, and what to do
 */
export function parseArguments(caller: string, args: readonly unknown[]): Arguments {
  const parts = [...args];
  const given = parts.length > 0 && isOptions(parts.at(-1)) ? (parts.pop() as object) : {};
  if (parts.length < 2) {
    const got = parts.length === 0 ? 'nothing' : 'only one of them';
    throw new TypeError(`${caller}(): expected a source and a sink, with any stages between them; got ${got}`);
  }
  const [source, ...stages] = parts;
  const sink = stages.pop();
  refuse(caller, 'the source', typeof source === 'function' ? refusalOfClass(source) : refusalOfSource(source));
  const flat = checkStages(caller, stages);
  refuse(caller, 'the sink', refusalOfSink(sink));
  refuseRepeats(caller, [source, ...flat.map(({ stage }) => stage), sink]);
  return { source, stages: flat, sink, last: stages.length + 1, options: readOptions(caller, given) };
}

/**
 * `stages`, those of compositions in their place.
 *
 * @throws {TypeError} on behalf of `caller`, saying which is wrong, how, and what to do
 */
export function checkStages(caller: string, stages: readonly unknown[]): Stage[] {
  const flat = stages.flatMap((stage, n) => stagesOf(stage).map((part) => ({ stage: part, index: n + 1 })));
  for (const { stage, index } of flat) refuse(caller, `stage ${index}`, refusalOfStage(stage));
  refuseRepeats(
    caller,
    flat.map(({ stage }) => stage),
  );
  return flat;
}

const stagesOf = (stage: unknown): unknown[] =>
  (stage as Partial<ComposedStage> | null | undefined)?.[kStages]?.()?.flatMap(stagesOf) ?? [stage];

function refuse(caller: string, what: string, refusal: string | undefined): void {
  if (refusal !== undefined) throw new TypeError(`${caller}(): ${what} ${refusal}`);
}

/** The last argument is options when it is an object that can be no end of a pipeline. */
function isOptions(value: unknown): boolean {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null) return false;
  return (
    !is.isWritableStreamLike(value) &&
    !is.isAnyNodeWritable(value) &&
    !is.isPair(value) &&
    refusalOfSource(value) !== undefined &&
    hasOnlyOptions(value)
  );
}

/** A class cannot be called; one of streams made as a function of old can, and would make a stream of each chunk. */
function refusalOfClass(fn: Function): string | undefined {
  const isStreams = ['readable', 'writable', 'pipe'].some(
    (name) => typeof fn.prototype === 'object' && fn.prototype !== null && name in fn.prototype,
  );
  if (!isStreams && !/^class\b/.test(Function.prototype.toString.call(fn))) return undefined;
  return `is the class ${fn.name || 'without a name'}; make an instance: new ${fn.name || 'TheClass'}(…)`;
}

function refusalOfStage(stage: unknown): string | undefined {
  if (typeof stage === 'function') return refusalOfClass(stage);
  if (is.isCodec(stage) || is.isNodePair(stage)) return undefined;
  if (!is.isPair(stage)) return `is neither a stream pair, a codec nor a function; got ${describe(stage)}`;
  for (const side of ['writable', 'readable'] as const) {
    if (stage[side].locked) return `is a pair whose ${side} is locked; a pair serves one pipeline, so make a new one`;
  }
  return undefined;
}

function refusalOfSink(sink: unknown): string | undefined {
  if (typeof sink === 'function') return refusalOfClass(sink);
  if (is.isAnyNodeWritable(sink)) return undefined;
  if (is.isWritableStreamLike(sink)) {
    return sink.locked
      ? 'is a locked stream; pass it before it has a writer or pipe, or release that first'
      : undefined;
  }
  if (is.isPair(sink)) {
    return 'is a pair of streams whose readable side nothing would read; add a sink after it, or pass its writable';
  }
  const advice = is.isReadableStreamLike(sink) ? '; a readable stream can only be the source' : '';
  return `is neither a writable stream nor a function; got ${describe(sink)}${advice}`;
}

function refuseRepeats(caller: string, parts: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const part of parts) {
    if (typeof part === 'function') continue;
    if (seen.has(part))
      throw new TypeError(`${caller}(): ${describe(part)} was passed twice; make a separate one for each place`);
    seen.add(part);
  }
}
