/**
 * A pool's workers, and which of them runs a chain.
 *
 * 1. A chain gets the worker that has the fewest, a new one if all have some and there are not enough.
 * 2. A worker that is lost fails its chains, and is no longer of the pool: the next chain gets another.
 * 3. A worker that has not said within `START` milliseconds that it runs is lost: its script may be another's.
 * 4. A worker without chains ends after `IDLE` milliseconds.
 * 5. A module that the page or one of its workers has compiled is given to the others. Who cannot have it compiles its own.
 */
import { lostError, RemoteChain } from './remote-chain.js';
import type { AnyFamily, Codec } from '../module.js';
import type { NodeWorker, WorkerPoolOptions } from '../workers.js';
import type { Lost } from './remote-chain.js';
import { adopt, BUILD } from './protocol.js';
import type { CompiledModule, Opening, Ready } from './protocol.js';

const IDLE = 10_000;
const START = 60_000;

type Timer = ReturnType<typeof setTimeout>;

/** A timer that by itself keeps no process of Node alive. */
function after(milliseconds: number, job: () => void): Timer {
  const timer = setTimeout(job, milliseconds);
  (timer as { unref?(): void }).unref?.();
  return timer;
}

interface Threads {
  Worker: new (url: URL, options: { execArgv: string[] }) => NodeWorker;
}

/** Bundlers look for the words `new Worker(new URL(…, import.meta.url)`. */
function makeWorker(): Worker | NodeWorker {
  if (typeof Worker === 'function')
    return new Worker(new URL('./codec-worker.js', import.meta.url), { type: 'module' });
  const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads') as Threads | undefined;
  if (threads === undefined) throw new TypeError('this runtime has no workers that tidegate knows of');
  const { Worker: Thread } = threads;
  const here: string = import.meta.url; // else bundlers would ship the file twice
  // Flags of the process, such as --input-type, are not for this file.
  return new Thread(new URL('./codec-worker.js', here), { execArgv: [] });
}

const isOfNode = (worker: Worker | NodeWorker): worker is NodeWorker => !('addEventListener' in worker);

const notStarted = (what: string) =>
  `its worker did not start (${what}). Deploy codec-worker.js beside the other files of tidegate, and allow it in the page's policy (worker-src 'self'); or make the worker yourself, with workerPool({ workerFactory })`;

/** One worker. */
class Member {
  declare readonly worker: Worker | NodeWorker;
  /** What is called for each of its chains when the worker is lost. */
  readonly chains = new Set<Lost>();
  #end: () => void;
  /** Whose modules it has, or has been asked to run. */
  #families = new Map<string, AnyFamily>();
  #hasStarted = false;
  #isGone = false;
  #starting: Timer;
  #idle: Timer | undefined;
  #left: () => void;

  /** @param left called once, when the worker has ended */
  constructor(worker: Worker | NodeWorker, left: (member: Member) => void) {
    this.worker = worker;
    this.#left = () => left(this);
    const { terminate } = worker;
    this.#end = () => void terminate.call(worker);
    this.#starting = after(START, () => this.lose(`it has not answered for ${START / 1000} seconds`));
    const hear = (data: unknown) => {
      const message = data as Ready | CompiledModule | null | undefined;
      if (message?.tidegate === 'module' && this.#hasStarted) adopt(message, (name) => this.#families.get(name));
      if (message?.tidegate !== 'ready') return;
      if (message.build !== BUILD) return this.lose('codec-worker.js is of another build of tidegate');
      this.#hasStarted = true;
      clearTimeout(this.#starting);
    };
    if (isOfNode(worker)) {
      worker.on('message', hear);
      worker.on('error', (error: Error) => this.lose(error.message, error));
      worker.on('exit', () => this.lose('it has ended'));
      worker.unref();
    } else {
      worker.addEventListener('message', ({ data }) => hear(data));
      worker.addEventListener('error', (event: Partial<ErrorEvent> & Event) => {
        event.preventDefault();
        this.lose(event.message || 'its file cannot be loaded', event.error);
      });
      // No event tells that somebody else has ended it.
      worker.terminate = () => this.lose('it was terminated');
    }
  }

  /** Gives the worker what is compiled of the codecs that it is about to run. */
  share(codecs: readonly Codec[]): void {
    for (const { family } of codecs) {
      const { name, module } = family;
      if (this.#families.has(name)) continue;
      this.#families.set(name, family);
      if (module.compiled === undefined) continue;
      try {
        // In a message of its own, which may be lost.
        const message: CompiledModule = { tidegate: 'module', build: BUILD, family: name, module: module.compiled };
        this.worker.postMessage(message, []);
      } catch {
        // It compiles its own.
      }
    }
  }

  open(opening: Opening, moved: MessagePort[], lost: Lost): void {
    this.worker.postMessage(opening, moved as never[]);
    clearTimeout(this.#idle);
    this.chains.add(lost);
  }

  close(lost: Lost): void {
    this.chains.delete(lost);
    if (this.chains.size > 0 || this.#isGone) return;
    this.#idle = after(IDLE, () => this.lose('it was idle'));
  }

  /** Ends the worker; its chains fail. */
  lose(what: string, cause?: unknown): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#starting);
    clearTimeout(this.#idle);
    this.#left();
    this.#end();
    const said = this.#hasStarted ? `its worker has ended (${what})` : notStarted(what);
    for (const lost of this.chains) lost(said, cause);
    this.chains.clear();
  }
}

/** The workers of a `WorkerPool`. */
export class Pool {
  #size: number;
  #factory: () => Worker | NodeWorker;
  #members = new Set<Member>();

  constructor(size: number, factory: WorkerPoolOptions['workerFactory']) {
    this.#size = size;
    this.#factory = (factory as (() => Worker | NodeWorker) | undefined) ?? makeWorker;
  }

  get workers(): number {
    return this.#members.size;
  }

  close(): void {
    for (const member of this.#members) member.lose('its pool was closed');
  }

  /** @throws {CodecError} when there can be no worker */
  open(codecs: readonly Codec[], takes: Opening['takes'], wake: () => void): RemoteChain {
    let member: Member;
    try {
      member = this.#choose();
    } catch (cause) {
      throw lostError(codecs[0]!.name, notStarted(cause instanceof Error ? cause.message : String(cause)), cause);
    }
    member.share(codecs);
    return new RemoteChain(codecs, takes, wake, member);
  }

  #choose(): Member {
    let least: Member | undefined;
    for (const member of this.#members)
      if (least === undefined || member.chains.size < least.chains.size) least = member;
    if (least !== undefined && (least.chains.size === 0 || this.#members.size >= this.#size)) return least;
    const made = new Member(this.#factory(), (member) => this.#members.delete(member));
    this.#members.add(made);
    return made;
  }
}
