/**
 * The clock of the instruments: looks at what is watched now and then, so that nothing is measured while a chunk passes.
 * The timer runs only while there is something to look at, and keeps no process alive.
 *
 * The host's clock and timers are taken at the import: a page that replaces them later, as tests do with a clock of their own, neither
 * moves these figures nor finds a timer that it has not set.
 */
import { timerDelay } from '../runtime/sleep.js';

const { performance, setInterval, clearInterval, setTimeout } = globalThis;

/** Milliseconds of a clock that is never put back, where the host has one. */
export const now: () => number =
  typeof performance?.now === 'function' ? performance.now.bind(performance) : Date.now.bind(Date);

/** Calls `job` after so many milliseconds. Its timer keeps no process alive; without timers it never does. */
export function after(milliseconds: number, job: () => void): void {
  if (typeof setTimeout !== 'function') return;
  const timer = setTimeout(job, milliseconds);
  (timer as { unref?(): void }).unref?.();
}

/** Milliseconds between two looks at a pipeline, and at all streams. */
export const PIPELINE_TICK = 50;
export const STREAM_TICK = 1000;

/** Looks at something at `time`, `late` milliseconds after it should have; returns false once there is nothing left to look at. */
type Look = (time: number, late: number) => boolean;

/** A timer for one kind of thing. It begins with `start()`, which may be called again, and ends by itself. */
export class Ticker {
  #every: number;
  #look: Look;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(every: number, look: Look) {
    this.#every = every;
    this.#look = look;
  }

  /** Looks as often from the next start on; starts again if it runs. */
  change(milliseconds: number): void {
    const every = timerDelay(milliseconds);
    if (every === this.#every) return;
    this.#every = every;
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.start();
  }

  start(): void {
    // A host without timers, such as a bare realm, has figures but no times.
    if (this.#timer !== undefined || typeof setInterval !== 'function') return;
    let due = now() + this.#every;
    const timer = setInterval(() => {
      const at = now();
      const late = at - due;
      due = at + this.#every;
      if (this.#look(at, late)) return;
      clearInterval(timer);
      this.#timer = undefined;
    }, this.#every);
    this.#timer = timer;
    (timer as { unref?(): void }).unref?.();
  }
}
