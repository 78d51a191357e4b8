/**
 * From what a run tells, ten times a second, to what the page shows: how fast each stretch of the canal flows, how full each basin is,
 * and who sets the pace. Knows nothing of the document.
 */

import { Rates } from '../rates.js';

/** Share of a new sample in what a basin is said to hold: its queue fills and empties many times between two samples. */
const FRESH = 0.3;
/** Bytes a second that any page should reach: of gzip, and of the CSV that it unpacks to. */
const GZIP = 1.5e6;
const CSV = 6e6;
/** Milliseconds without a byte after which the server stands still. */
const STILL_AFTER = 900;

/**
 * @typedef {object} Snapshot
 * @property {'idle' | 'opening' | 'running' | 'stopping' | 'stopped' | 'failed' | 'ended' | 'done'} phase
 * @property {number} seconds since the start
 * @property {number} take rows a second that the consumer takes at most; 0 when it takes none
 * @property {{ bytes: number, rate: number, still: boolean, onTheWay: number }} server `bytes` it has sent
 * @property {number[]} flows bytes a second through each gate, from the first stage's to the consumer's
 * @property {number[]} fastest the most of each of these in this run, and at least what a page should reach
 * @property {(import('../job.js').StageState & { level: number })[]} stages
 * @property {number} held bytes in all queues of the page
 * @property {number} most the most bytes that these have held in this run
 * @property {number} rows @property {number} rowRate
 * @property {number} bytesOut of CSV @property {number} byteRate
 * @property {number | null} share of the work that is done
 * @property {number} wasmBytes
 * @property {{ index: number, name: string, load: number } | null} slowest what the others wait for; `index` counts the server as -1 and the consumer as the
 *   number of stages; `load` is the share of the last second that it worked
 */

/** Reads one run. */
export class Reading {
  #fast = new Rates(800);
  /** Between two reads of a slow consumer, seconds may pass. */
  #slow = new Rates(3000);
  #server = new Rates(1500);
  #levels = [];
  #fastest = [];
  #sent = { bytes: 0, since: 0 };

  /**
   * @param {number} now milliseconds
   * @param {{ state: import('../job.js').JobState, sent: number, take: number, phase: string, seconds: number }} told
   * @returns {Snapshot}
   */
  add(now, { state, sent, take, phase, seconds }) {
    const { stages, rows, bytesOut, bytesIn } = state;
    if (sent !== this.#sent.bytes) this.#sent = { bytes: sent, since: now };
    const still = now - this.#sent.since > STILL_AFTER;
    const counts = { rows, bytesOut, ...Object.fromEntries(stages.map(({ passed }, index) => [index, passed])) };
    const slow = this.#slow.add(now, counts);
    const fast = this.#fast.add(now, counts);
    const rates = take === 0 ? fast : largest(fast, slow);
    const { sent: sentRate } = this.#server.add(now, { sent });
    const rowBytes = rows > 0 ? bytesOut / rows : 0;
    const flows = stages.map(({ unit }, index) => (rates[index] ?? 0) * (unit === 'rows' ? rowBytes : 1));
    flows.push((rates.rows ?? 0) * rowBytes);
    this.#fastest = flows.map((flow, index) => Math.max(flow, this.#fastest[index] ?? (index < 2 ? GZIP : CSV)));

    const shown = stages.map((stage, index) => ({ ...stage, level: this.#level(index, stage, phase === 'running') }));
    return {
      phase: phase === 'running' && take === 0 ? (still ? 'stopped' : 'stopping') : phase,
      seconds,
      take,
      server: { bytes: sent, rate: still ? 0 : sentRate, still, onTheWay: Math.max(0, sent - bytesIn) },
      flows,
      fastest: this.#fastest,
      stages: shown,
      held: state.held,
      most: state.most,
      rows,
      rowRate: rates.rows ?? 0,
      bytesOut,
      byteRate: rates.bytesOut ?? 0,
      share: state.share,
      wasmBytes: state.wasmBytes,
      slowest: phase === 'running' ? slowestOf(state, take) : null,
    };
  }

  /** While a job runs, the mean of what its samples held. */
  #level(index, { held, room }, smooth) {
    const now = room > 0 ? Math.min(1, held / room) : 0;
    const before = this.#levels[index] ?? 0;
    this.#levels[index] = smooth ? before + (now - before) * FRESH : now;
    return this.#levels[index];
  }
}

/** The larger of each of two rates. */
const largest = (a, b) => Object.fromEntries(Object.entries(a).map(([name, rate]) => [name, Math.max(rate, b[name])]));

/** The stage that the others wait for; a consumer that is held back is the user's doing. */
function slowestOf({ slowest, stages }, take) {
  if (take !== Infinity) return { index: stages.length, name: 'you', load: 1 };
  if (!slowest) return null;
  const { stage, load } = slowest;
  return { index: stage, name: stages[stage]?.name ?? 'the server', load };
}

const OVER = ['failed', 'ended', 'done'];

/** A snapshot with stages. Those of a run are known once its source has opened; one that ended before has never had any. */
export function withStages(now, stages) {
  if (now.stages.length > 0) return now;
  const phase = OVER.includes(now.phase) ? now.phase : 'opening';
  return { ...idleSnapshot(stages, phase), take: now.take, seconds: now.seconds };
}

/** What a page shows before a run, and of one whose stages nobody knows yet. */
export function idleSnapshot(stages, phase = 'idle') {
  return {
    phase,
    seconds: 0,
    take: Infinity,
    server: { bytes: 0, rate: 0, still: true, onTheWay: 0 },
    flows: Array(stages.length + 1).fill(0),
    fastest: Array(stages.length + 1).fill(1),
    stages: stages.map((stage) => ({ ...stage, level: 0 })),
    held: 0,
    most: 0,
    rows: 0,
    rowRate: 0,
    bytesOut: 0,
    byteRate: 0,
    share: null,
    wasmBytes: 0,
    slowest: null,
  };
}
