/** Notices that the network is silent. */

const LONGEST_TIMER = 0x7fffffff;
const LATE = 100;
const SECOND_LOOK = 1000;

/** @throws {RangeError} unless `value` is a number of milliseconds above 0, or Infinity */
export function requireStallTimeout(value: unknown, caller: string): asserts value is number {
  if (typeof value === 'number' && value > 0) return;
  throw new RangeError(
    `${caller}(): stallTimeout must be a number of milliseconds above 0, or Infinity; got ${typeof value === 'number' ? value : typeof value}`,
  );
}

/**
 * Calls `onStall()` once an operation of the network has been pending for `limit` milliseconds without a sign of life. The owner
 * says what is pending: `begin()` before each read (or to report progress of the one that is pending), `end()` when it has
 * settled, `stop()` when there will be no more. Time between `end()` and `begin()` is the owner's own and does not count.
 *
 * One timer serves many reads: it is armed when there is none, and looks when it fires at how long the read that is pending then
 * has waited. It does not keep a Node process alive; the connection does.
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

  begin(): void {
    if (this.#limit === Infinity) return;
    this.#pending = true;
    this.#looked = false;
    this.#since = performance.now();
    if (this.#timer === undefined) this.#arm(this.#limit);
  }

  end(): void {
    this.#pending = false;
  }

  stop(): void {
    this.#pending = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(wait: number): void {
    this.#due = performance.now() + wait;
    const timer = setTimeout(() => this.#look(), Math.min(wait, LONGEST_TIMER));
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
      // The thread was busy or the machine slept: what has arrived meanwhile is given the time to be delivered.
      this.#looked = true;
      this.#arm(Math.min(this.#limit, SECOND_LOOK));
    } else {
      this.#pending = false;
      this.#onStall();
    }
  }
}
