/**
 * The lab's job: source → gunzip → SHA-256 → CSV → totals by city. The page, `npm run job` and the tests run this one
 * module.
 */

// Before the first stream is made: what is made earlier it does not know.
import { inspect } from 'tidegate/inspect';
import { ByteLengthQueuingStrategy, pipeline, TransformStream } from 'tidegate';
import { codecMemory, csv, digest, gunzip } from 'tidegate/codecs';
import { Pace } from './pace.js';
import { openSource } from './source.js';

/** The columns the totals need, by name in the file's header. */
const COLUMNS = ['city', 'quantity', 'price_cents'];

/** Bytes of the queue before a codec; the last one also has a batch of rows. */
const CODEC_QUEUE = 64 * 1024;

/** Bytes the stage after the source may hold; the source has a chunk of at most so much. */
const BYTES_HIGH_WATER_MARK = 256 * 1024;

/** The stages `Job.fail` can break. */
const FAULTS = ['totals', 'bytes', 'gunzip'];

/**
 * @typedef {object} JobResult
 * @property {number} rows without the header
 * @property {Record<string, number>} totals quantity times price, in whole cents, by city
 * @property {string | null} sha256 of the CSV, in hex; null when the job stopped early
 * @property {number} bytes read from the source
 * @property {boolean} complete false when `stopAfter` ended the job
 */

/**
 * @typedef {object} StageState
 * @property {string} name
 * @property {number} held what its queues hold; of `totals`, what it works on
 * @property {number} room what this is when it is full; a single large chunk may be more
 * @property {'bytes' | 'rows'} unit
 * @property {number} passed how much of that unit has entered the stage so far
 */

/**
 * @typedef {object} JobState
 * @property {number} bytesIn read from the source
 * @property {number} bytesOut of CSV
 * @property {number} rows
 * @property {number | null} share of the work that is done, 0 to 1, where a length is known
 * @property {StageState[]} stages
 * @property {number} held bytes in all queues of the pipeline
 * @property {number} most the most that this has been
 * @property {{ stage: number, load: number } | null} slowest the stage that the others wait for, -1 for the source, and the share of the last
 *   second that it worked
 * @property {number} wasmBytes of the codecs' Wasm memory
 */

/**
 * Runs a job to its end.
 *
 * @param {ConstructorParameters<typeof Job>[0]} options
 * @returns {Promise<JobResult>}
 */
export function runJob(options) {
  return new Job(options).result;
}

/** One run. It starts when it is made. */
export class Job {
  /** Holds the consumer back. */
  pace;
  /** @type {Promise<JobResult>} rejects with the first error, or with the signal's reason */
  result;
  /** The streams and stages of the run, for whoever wants to look into them; set once the source is open. */
  chain = null;

  #bytesIn = 0;
  #rows = 0;
  #totals = new Map();
  #batchRows = 0;
  #largestBatch = 0;
  #complete = false;
  #settled = false;
  #fault = null;
  #signal;
  #stopAfter;

  /**
   * @param {object} options
   * @param {Parameters<typeof openSource>[0]} options.source
   * @param {AbortSignal} [options.signal]
   * @param {Pace} [options.pace]
   * @param {number} [options.stopAfter] rows after which the consumer leaves its loop; default none
   */
  constructor({ source, signal, pace = new Pace(), stopAfter = Infinity }) {
    this.pace = pace;
    this.#signal = signal;
    this.#stopAfter = stopAfter;
    this.result = this.#run(source).finally(() => {
      this.#settled = true;
    });
  }

  /**
   * Makes a stage fail at its next chunk.
   *
   * @param {'totals' | 'bytes' | 'gunzip'} stage the input of `gunzip` is cut off, and it finds its own error
   * @param {Error} [error] what the stage throws
   */
  fail(stage, error = new Error(`The ${stage} stage was told to fail`)) {
    if (!FAULTS.includes(stage)) throw new RangeError(`no stage "${stage}" can be told to fail`);
    this.#fault = { stage, error };
  }

  /** @returns {JobState} as of now */
  state() {
    const { source, stages, job } = this.chain ?? {};
    const report = job && inspect(job);
    const bytesOut = stages ? this.#csvBytes() : 0;
    return {
      bytesIn: this.#bytesIn,
      bytesOut,
      rows: this.#rows,
      share: source?.length ? this.#bytesIn / source.length : source?.csvLength ? bytesOut / source.csvLength : null,
      stages: report ? this.#stageStates(report) : [],
      held: report && !this.#settled ? report.held : 0,
      most: report?.peakHeld ?? 0,
      slowest: report && !this.#settled ? slowestOf(report) : null,
      wasmBytes: codecMemory().bytes,
    };
  }

  /** What `state().stages` is before a run, so that a page can show the chain. */
  static idleStages() {
    return ['fetch', 'gunzip', 'SHA-256', 'CSV', 'totals'].map((name) => stageState(name, 0, 0, 'bytes', 0));
  }

  async #run(source) {
    const opened = await openSource(source, this.#signal);
    const bytes = this.#tapStage();
    const inflate = opened.gzip ? gunzip() : null;
    const sha256 = digest('sha-256');
    const rows = csv({ header: true, rows: 'arrays', batch: true });
    const codecs = [inflate, sha256, rows].filter(Boolean);
    const stages = { inflate, sha256, rows };
    const job = pipeline(opened.input, bytes, ...codecs, (batches, { signal }) => this.#consume(batches, signal), {
      signal: this.#signal,
    });
    this.chain = { source: opened, bytes, stages, job };
    await job;
    return {
      rows: this.#rows,
      totals: Object.fromEntries(this.#totals),
      sha256: this.#complete ? await sha256.hex : null,
      bytes: this.#bytesIn,
      complete: this.#complete,
    };
  }

  /** Counts what comes from the source. */
  #tapStage() {
    return new TransformStream(
      {
        transform: (chunk, controller) => {
          this.#bytesIn += chunk.byteLength;
          const fault = this.#fault;
          if (fault?.stage === 'bytes') throw fault.error;
          controller.enqueue(chunk);
          if (fault?.stage === 'gunzip') controller.terminate();
        },
      },
      { highWaterMark: 1 },
      new ByteLengthQueuingStrategy({ highWaterMark: BYTES_HIGH_WATER_MARK }),
    );
  }

  #csvBytes() {
    return this.chain.stages.rows.stats()[0].bytesIn;
  }

  /** The source and the tap behind it are one stage here. */
  #stageStates({ stages: [source, tap, ...others] }) {
    const { inflate, sha256, rows } = this.chain.stages;
    const settled = this.#settled;
    const state = (name, room, passed, ...parts) => {
      const held = parts.reduce((sum, part) => sum + part.held, 0);
      return stageState(name, settled ? 0 : held, room, 'bytes', passed);
    };
    const codec = (name, stage, room) => state(name, room, stage.stats()[0].bytesIn, others.shift());
    return [
      state('fetch', 2 * BYTES_HIGH_WATER_MARK, this.#bytesIn, source, tap),
      ...(inflate ? [codec('gunzip', inflate, CODEC_QUEUE)] : []),
      codec('SHA-256', sha256, CODEC_QUEUE),
      codec('CSV', rows, 2 * CODEC_QUEUE),
      stageState('totals', settled ? 0 : this.#batchRows, this.#largestBatch, 'rows', this.#rows),
    ];
  }

  async #consume(batches, signal) {
    let columns = null;
    for await (const batch of batches) {
      this.#batchRows = batch.length;
      this.#largestBatch = Math.max(this.#largestBatch, batch.length);
      // Awaited only when there is something to wait for.
      const turn = this.pace.turn(batch.length, signal);
      if (turn) await turn;
      if (this.#fault?.stage === 'totals') throw this.#fault.error;
      columns ??= findColumns(await this.chain.stages.rows.columns);
      this.#add(batch, columns);
      this.#batchRows = 0;
      if (this.#rows >= this.#stopAfter) return;
    }
    this.#complete = true;
  }

  #add(batch, [city, quantity, price]) {
    const totals = this.#totals;
    for (const row of batch) totals.set(row[city], (totals.get(row[city]) ?? 0) + row[quantity] * row[price]);
    this.#rows += batch.length;
  }
}

/** In the job's stages: the source and the tap are the first. */
function slowestOf({ bottleneck, stages }) {
  if (!bottleneck) return null;
  const { index } = bottleneck;
  return { stage: index - 1, load: stages.find((stage) => stage.index === index)?.load ?? 0 };
}

function stageState(name, held, room, unit, passed) {
  return { name, held, room, unit, passed };
}

function findColumns(header) {
  return COLUMNS.map((name) => {
    const index = header.indexOf(name);
    if (index < 0) throw new Error(`The file has no column "${name}"; its header is ${header.join(', ')}`);
    return index;
  });
}
