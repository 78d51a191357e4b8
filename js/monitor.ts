/**
 * `tidegate/monitor`: the element `<tidegate-monitor>`, which draws a pipeline of the page as a canal.
 *
 * Importing it defines the element, and imports `tidegate/inspect`, which knows the pipelines that begin from then on.
 *
 * @module
 */
import { install } from './inspect/install.js';
import { defineMonitor } from './monitor/element.js';

install();
defineMonitor();

export { defineMonitor, type MonitorElement } from './monitor/element.js';
export type { Bottleneck } from './inspect/bottleneck.js';
export type { PipelineReport, StageReport, StageState } from './inspect/report.js';
export type { LockHolder, LockReport, StreamReport } from './inspect/streams.js';
export type { Inspectable, InspectableStream } from './inspect/inspect.js';
