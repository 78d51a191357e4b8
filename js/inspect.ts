/**
 * `tidegate/inspect`: what a stream or a pipeline holds, what it waits for, and which part holds it up.
 *
 * Import it before the first stream is made. From then on streams and pipelines are counted, which costs a few
 * microseconds for each of them and nothing that can be measured for a chunk.
 *
 * @module
 */
import { install } from './inspect/install.js';

install();

export { diagnose, type DiagnoseOptions, type Mistake, type MistakeKind } from './inspect/diagnose.js';
export { inspect, pipelines, streams } from './inspect/inspect.js';
export type { Inspectable, InspectableStream, InspectedStream, ReportOf } from './inspect/inspect.js';
export { observe, type Observation, type ObserveOptions } from './inspect/observe.js';
export type { Bottleneck } from './inspect/bottleneck.js';
export type { PipelineReport, StageReport, StageState } from './inspect/report.js';
export type { LockHolder, LockReport, StreamReport } from './inspect/streams.js';
