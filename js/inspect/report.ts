/** What `inspect()` tells of a pipeline. */
import { now } from './clock.js';
import { bottleneckOf, type Bottleneck } from './bottleneck.js';
import { heldBy, statsOf, type PlacedCodec } from './codecs.js';
import { reportStream, type StreamReport } from './streams.js';
import type { PartWatch } from './parts.js';
import type { RunWatch } from './runs.js';

/**
 * `'working'`: it has a chunk, and what follows wants one. A source works while it is asked and has not given, a sink
 * while it has a chunk. `'opening'`: a source that has been promised and has not come.
 */
export type StageState =
  'opening' | 'working' | 'waiting for upstream' | 'waiting for downstream' | 'ended' | 'failed' | 'torn down';

/** What `inspect()` tells of a source, a stage or a sink. Times are in milliseconds. */
export interface StageReport {
  /** Its number among the arguments: the source is 0, the sink is last. */
  readonly index: number;
  /** A codec's name, else a description: `function parse`, `a Response`. */
  readonly name: string;
  readonly kind: 'source' | 'stage' | 'codec' | 'sink';
  readonly state: StageState;
  /** Codecs that follow one another run as one: the number of the first. Undefined of other stages. */
  readonly fusedWith: number | undefined;
  /** Whether it runs in a worker. */
  readonly inWorker: boolean;
  /** Undefined of what is between two codecs that run as one: these pass bytes, not chunks. */
  readonly chunksIn: number | undefined;
  readonly chunksOut: number | undefined;
  /** Bytes of chunks that are neither bytes, text nor numbers are estimated from some of them. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The bytes in its queues, and the most that was seen. What a function keeps for itself is not known. */
  readonly held: number;
  readonly peakHeld: number;
  /** How long it has worked, waited for chunks, and waited for room. Of codecs that run as one: of all together. */
  readonly working: number;
  readonly waitedForUpstream: number;
  readonly waitedForDownstream: number;
  /** The share of the last second that it worked, from 0 to 1. */
  readonly load: number;
  /** Since a chunk last went in or out. */
  readonly idle: number;
  /** The writable stream that feeds it, and the readable one that it feeds; undefined of functions and of ends. */
  readonly input: StreamReport | undefined;
  readonly output: StreamReport | undefined;
}

/** What `inspect()` tells of a pipeline. Times are in milliseconds. */
export interface PipelineReport {
  readonly state: 'running' | 'done' | 'failed';
  /** What it failed with. */
  readonly error: unknown;
  /** Since it began, until it ended. */
  readonly elapsed: number;
  /** From the source to the sink. */
  readonly stages: readonly StageReport[];
  /** Undefined once it is done. */
  readonly bottleneck: Bottleneck | undefined;
  /** The bytes in all queues, and the most that was seen. */
  readonly held: number;
  readonly peakHeld: number;
  /** What the source has given in a second, over the last two seconds. */
  readonly chunksPerSecond: number;
  readonly bytesPerSecond: number;
  /** Where it was started: the lines of the stack. Undefined unless `diagnose()` is on. */
  readonly startedAt: string | undefined;
}

const STATES = {
  upstream: 'waiting for upstream',
  downstream: 'waiting for downstream',
  working: 'working',
} as const;

function stateOf(run: RunWatch, one: PartWatch): StageState {
  if (run.failure !== undefined) return run.failure.index === one.part.index ? 'failed' : 'torn down';
  if (run.endedAt !== undefined) return 'ended';
  if (one.isSource && one.output === undefined) return 'opening';
  if (one.output !== undefined ? one.output.state === 1 : one.input !== undefined && one.input.state === 1)
    return 'ended';
  return STATES[one.look()];
}

function reportPart(run: RunWatch, n: number, at: number): StageReport[] {
  const one = run.parts[n]!;
  const before = run.parts[n - 1]?.crossing;
  const { index, name } = one.part;
  const whole: StageReport = {
    index,
    name,
    kind: one.isSource ? 'source' : one.isSink ? 'sink' : 'stage',
    state: stateOf(run, one),
    fusedWith: undefined,
    inWorker: false,
    chunksIn: before?.chunks ?? 0,
    chunksOut: one.isSink ? 0 : one.crossing.chunks,
    bytesIn: before?.size ?? 0,
    bytesOut: one.isSink ? 0 : one.crossing.size,
    held: run.endedAt === undefined ? one.held : 0,
    peakHeld: one.peak,
    working: one.working,
    waitedForUpstream: one.waitedForUpstream,
    waitedForDownstream: one.waitedForDownstream,
    load: run.shareOf(one),
    idle: (run.endedAt ?? at) - one.moved,
    input: one.input && reportStream(one.input, at),
    output: one.output && reportStream(one.output, at),
  };
  const { codecs } = one;
  return codecs.length === 0 ? [whole] : codecs.map((codec, k) => reportCodec(whole, codec, k, codecs.length));
}

function reportCodec(whole: StageReport, { index, codec }: PlacedCodec, k: number, count: number): StageReport {
  const stats = statsOf(codec);
  const isLast = k === count - 1;
  const own = heldBy(codec);
  const ends = whole.state === 'ended' || whole.state === 'failed' || whole.state === 'torn down';
  return {
    ...whole,
    index,
    name: stats?.name ?? whole.name,
    kind: 'codec',
    fusedWith: whole.index,
    inWorker: codec.inWorker === true,
    chunksIn: k === 0 ? whole.chunksIn : undefined,
    chunksOut: isLast ? whole.chunksOut : undefined,
    bytesIn: stats?.bytesIn ?? whole.bytesIn,
    bytesOut: stats?.bytesOut ?? whole.bytesOut,
    held: ends ? 0 : own + (k === 0 ? (whole.input?.held ?? 0) : 0) + (isLast ? (whole.output?.held ?? 0) : 0),
    input: k === 0 ? whole.input : undefined,
    output: isLast ? whole.output : undefined,
  };
}

/** The report of a pipeline as it is now. */
export function reportRun(run: RunWatch): PipelineReport {
  const at = now();
  run.look(at);
  const stages = run.parts.flatMap((_, n) => reportPart(run, n, at));
  const { chunks, bytes } = run.throughput();
  const held = stages.reduce((sum, stage) => sum + stage.held, 0);
  return {
    state: run.failure !== undefined ? 'failed' : run.endedAt !== undefined ? 'done' : 'running',
    error: run.failure?.error,
    elapsed: (run.endedAt ?? at) - run.began,
    stages,
    bottleneck: bottleneckOf(run, at),
    held,
    peakHeld: Math.max(run.peak, held),
    chunksPerSecond: run.endedAt === undefined ? chunks : 0,
    bytesPerSecond: run.endedAt === undefined ? bytes : 0,
    startedAt: run.place,
  };
}
