/** Which workers codecs run in. What runs them is loaded when the first codec does. */
import { describe } from '../values/describe.js';
import { requireCallback, requireKnown } from '../values/require.js';
import { integer } from './options.js';
import type { WorkerPool } from '../bridge/stages.js';
import type { ChainLike } from './chain.js';
import type { Codec } from './module.js';
import type { Output } from './output.js';
import type { Pool } from './worker/pool.js';

export interface WorkerPoolOptions {
  /** The most workers at a time, from 1 to 64. Default: one less than the machine has cores, from 1 to 4. */
  size?: number | undefined;
  /**
   * Makes a worker that runs `tidegate/codec-worker`, where `new Worker()` cannot find it: in a bundle whose bundler does not
   * follow `new Worker(new URL(…))`, or under another origin. A worker of Node's `worker_threads` is one too. Default:
   * `new Worker()` of the file beside the package's other files.
   */
  workerFactory?: (() => WebWorker | NodeWorker) | undefined;
}

/** What is used of a `Worker`. */
export interface WebWorker {
  postMessage(message: unknown, moved: never[]): void;
  addEventListener(type: string, listener: (event: never) => void): void;
  terminate(): void;
}

/** What is used of a worker of Node's `worker_threads`. */
export interface NodeWorker {
  postMessage(message: unknown, moved?: readonly never[]): void;
  on(event: string, listener: (...args: never[]) => void): unknown;
  terminate(): unknown;
  unref(): void;
}

const MOST = 4;

const defaultSize = () => Math.min(MOST, Math.max(1, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1));

/** A pool, before and after it has a worker. */
export class Workers implements WorkerPool {
  declare readonly size: number;
  #factory: WorkerPoolOptions['workerFactory'];
  #loading: Promise<Pool> | undefined;
  #pool: Pool | undefined;
  #isClosed = false;

  constructor(size: number, factory: WorkerPoolOptions['workerFactory']) {
    this.size = size;
    this.#factory = factory;
  }

  get workers(): number {
    return this.#pool?.workers ?? 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#pool?.close();
  }

  /** Resolves with a chain of the codecs in one of the workers. */
  async run(codecs: readonly Codec[], takes: Output['takes'], wake: () => void): Promise<ChainLike> {
    this.#loading ??= import('./worker/pool.js').then(
      ({ Pool: Loaded }) => (this.#pool = new Loaded(this.size, this.#factory)),
      (cause) => {
        this.#loading = undefined;
        throw new Error(`${codecs[0]!.name}: cannot load the code that runs codecs in workers`, { cause });
      },
    );
    const pool = await this.#loading;
    if (this.#isClosed) throw new Error(`${codecs[0]!.name}: its pool of workers is closed; make another`);
    return pool.open(codecs, takes, wake);
  }
}

let shared: Workers | undefined;

/**
 * Makes a pool of workers for codecs. A worker starts when a codec needs it and the others have work. Codecs that share
 * a worker take turns.
 *
 * @throws {TypeError | RangeError} when an option is invalid
 */
export function workerPool(options: WorkerPoolOptions = {}): WorkerPool {
  requireKnown(options, 'workerPool()', ['size', 'workerFactory']);
  const { size = defaultSize(), workerFactory } = options;
  requireCallback(workerFactory, 'workerPool(): workerFactory');
  return new Workers(integer('workerPool()', 'size', size, 1, 64), workerFactory);
}

/**
 * The pool that `worker`, an option, stands for.
 *
 * @throws {TypeError} on behalf of `caller`
 */
export function workersOf(caller: string, worker: unknown): Workers | undefined {
  if (worker === undefined || worker === false) return undefined;
  if (worker === true) return (shared ??= new Workers(defaultSize(), undefined));
  if (worker instanceof Workers) return worker;
  throw new TypeError(
    `${caller}: worker must be true, false or a workerPool() of this copy of tidegate; got ${describe(worker)}`,
  );
}
