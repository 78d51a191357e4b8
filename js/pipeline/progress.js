/**
 * How far a pipeline is: what has crossed from each part into the next, told now and then and once at the end.
 *
 * The page is never called within a read or a write: from a timer, or, where the parts leave timers no turn, from a
 * microtask of its own.
 */
import { resolved } from '../runtime/intrinsics.js';
import { sizeOfChunk, totalOf } from './sizes.js';

const INTERVAL = 250;

export class Progress {
  #total; // what the caller says
  #source;
  #tell;
  #interval;
  #fail;
  #sizeOf;
  #parts = []; // { index, name, chunksIn, bytesIn, chunksOut, bytesOut }, from the source to the sink
  #timer;
  #begun = performance.now();
  #told = this.#begun;
  #seen = 0; // chunks since the clock was looked at
  #due = false;

  /**
   * @param tell the page's function
   * @param interval in milliseconds
   * @param fail is called with what `tell` throws
   * @param sizeOf the page's size of a chunk
   */
  constructor(tell, { interval = INTERVAL, total, sizeOf = sizeOfChunk, fail }) {
    this.#tell = tell;
    this.#interval = interval;
    this.#fail = fail;
    this.#sizeOf = sizeOf;
    this.#total = total;
    this.#timer = setInterval(() => this.#report(false), Math.max(interval, 1));
  }

  /** Takes the parts, each `{ index, name }`, in their order. */
  begin(parts) {
    this.#parts = parts.map(({ index, name }) => ({ index, name, chunksIn: 0, bytesIn: 0, chunksOut: 0, bytesOut: 0 }));
  }

  /** What the pipeline reads from, which may know its total, or will. */
  expect(source) {
    this.#source = source;
  }

  /** What is to be called with every chunk that crosses from one part into the next. */
  counter(from, to) {
    const [source, sink] = [from, to].map(({ index }) => this.#parts.find((part) => part.index === index));
    return (chunk) => {
      const size = this.#sizeOf(chunk);
      source.chunksOut += 1;
      source.bytesOut += size;
      sink.chunksIn += 1;
      sink.bytesIn += size;
      if ((this.#seen += 1) >= 64 || size >= 65536) this.#look();
    };
  }

  /** The last report. Nothing is told after it. */
  end() {
    clearInterval(this.#timer);
    if (this.#timer === undefined) return;
    this.#timer = undefined;
    this.#report(true);
  }

  /** No more reports, as the pipeline has failed. */
  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look() {
    this.#seen = 0;
    if (this.#due || performance.now() - this.#told < this.#interval) return;
    this.#due = true;
    resolved.react(() => {
      this.#due = false;
      if (this.#timer !== undefined) this.#report(false);
    });
  }

  #report(done) {
    const total = this.#total ?? totalOf(this.#source);
    if (total === null && !done) return; // nothing has come, and the first report is to have the total
    this.#told = performance.now();
    const elapsed = this.#told - this.#begun;
    const { chunksOut: chunks = 0, bytesOut: bytes = 0 } = this.#parts[0] ?? {};
    const fraction = done ? 1 : total > 0 ? Math.min(1, bytes / total) : undefined;
    const remaining = done ? 0 : fraction > 0 ? elapsed * (1 / fraction - 1) : undefined;
    const parts = this.#parts.map((part) => ({ ...part }));
    try {
      this.#tell({ done, elapsed, chunks, bytes, total: total ?? undefined, fraction, remaining, parts });
    } catch (error) {
      this.stop();
      this.#fail(error);
    }
  }
}
