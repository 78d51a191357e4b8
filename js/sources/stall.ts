/** Detects a network connection that is silent for too long: the option `stallTimeout`. */
import { timerDelay } from '../runtime/sleep.js';
import { shown } from '../values/require.js';

/** A timer that fires this many milliseconds late says that the thread was busy. */
const LATE = 100;
/** Milliseconds that data may then still take to arrive. */
const SECOND_LOOK = 1000;

/** @throws {RangeError} unless `value` is a number of milliseconds above 0, or Infinity */
export function requireStallTimeout(value: unknown, caller: string): asserts value is number {
  if (typeof value === 'number' && value > 0) return;
  throw new RangeError(
    `${caller}(): stallTimeout must be a number of milliseconds above 0, or Infinity; got ${shown(value)}`,
  );
}

/**
 * Calls `onStall()` if a network operation is pending for `limit` milliseconds without progress. The owner calls
 * `begin()` before each read, and again when the pending read makes progress; `end()` when the read has settled;
 * `stop()` after the last read. Time between `end()` and `begin()` does not count.
 *
 * One timer serves many reads, so that a read costs no timer. When it fires, it checks how long the read that is
 * pending then has waited. It does not keep a Node process alive; the connection does.
 */
export class StallWatch {
  #limit: number;
  #onStall: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  #since = 0;
  #pending = false;
  #looked = false;

  constructor(limit: number, onStall: () => void) {
    this.#limit = limit;
    this.#onStall = onStall;
  }

  /** A read begins, or makes progress. */
  begin(): void {
    if (this.#limit === Infinity) return;
    this.#pending = true;
    this.#looked = false;
    this.#since = performance.now();
    if (this.#timer === undefined) this.#arm(this.#limit);
  }

  /** The read has settled. */
  end(): void {
    this.#pending = false;
  }

  /** No more reads will follow. Clears the timer. */
  stop(): void {
    this.#pending = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(wait: number): void {
    this.#due = performance.now() + wait;
    const timer = setTimeout(() => this.#look(), timerDelay(wait));
    (timer as { unref?(): void }).unref?.();
    this.#timer = timer;
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#pending) return;
    const now = performance.now();
    const left = this.#since + this.#limit - now;
    if (left > 0) {
      this.#arm(left);
    } else if (now - this.#due > LATE && !this.#looked) {
      // The thread was busy or the machine slept. Data that has arrived since may still be waiting to be delivered.
      this.#looked = true;
      this.#arm(Math.min(this.#limit, SECOND_LOOK));
    } else {
      this.#pending = false;
      this.#onStall();
    }
  }
}
