/** What the monitor says: sizes, times and states in words. */
import { reasonText } from '../inspect/bottleneck.js';
import type { PipelineReport, StageReport, StageState } from '../inspect/report.js';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** A size in decimal units with three digits: `326 KB`. */
export function sizeText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? Math.round(value) : Number(value.toPrecision(3))} ${UNITS[unit]}`;
}

/** A time: `3.2 s`, `4 min 10 s`. */
export function timeText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

export const countText = (count: number | undefined): string => (count === undefined ? '' : count.toLocaleString('en'));

const STATES: { readonly [Key in StageState]: string } = {
  opening: 'opening',
  working: 'working',
  'waiting for upstream': 'waiting for data',
  'waiting for downstream': 'held back',
  ended: 'ended',
  failed: 'failed',
  'torn down': 'torn down',
};

/** From here on a part that works on one chunk is said to be busy, with the time. */
const LONG = 1000;

export const stateText = ({ state, idle }: StageReport): string =>
  state === 'working' && idle >= LONG ? `busy for ${timeText(idle)}` : STATES[state];

/** What goes on, in one sentence. */
export function sentenceOf({ state, bottleneck, error, elapsed, stages }: PipelineReport): string {
  if (state === 'done') return `Done in ${timeText(elapsed)}: ${sizeText(stages[0]?.bytesOut ?? 0)} went through.`;
  if (bottleneck !== undefined) return bottleneck.why;
  if (state === 'failed') return `Failed after ${timeText(elapsed)}: ${reasonText(error)}`;
  return 'Nothing waits.';
}

/** What a screen reader is told: it changes only when something has happened, and not with every figure. */
export function newsOf({ state, bottleneck, stages }: PipelineReport): string {
  if (state !== 'running') return state === 'done' ? 'The pipeline is done.' : 'The pipeline has failed.';
  const slowest = stages.find(({ index }) => index === bottleneck?.index);
  return slowest === undefined ? 'The pipeline runs.' : `${slowest.name} sets the pace.`;
}
