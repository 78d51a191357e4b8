/** What leaves a chain: bytes, or records alone or in batches. */

const byteLength = (bytes) => bytes.byteLength;

/** Bytes as they come. */
export class ByteOutput {
  #bytes;

  /** The size of a chunk, as a queuing strategy has it. */
  size = byteLength;
  single = false;

  take(chain) {
    const bytes = chain.takeBytes();
    if (bytes.length > 0) this.#bytes = bytes;
  }

  next() {
    const bytes = this.#bytes;
    this.#bytes = undefined;
    return bytes;
  }
}

const sizeOfBatch = (records) => records.length;

/**
 * Records. `batch` is 0 for one record a chunk, a number for chunks of so many (the last one may have fewer),
 * Infinity for chunks of what comes together. `reader.read(text, ends, rows)` makes records of a batch. Where records are far larger
 * than the input they come from, `finish(record)` makes them so when they are handed on; a chunk of what comes together has then at
 * most `most()` of them, and each counts as `weight()`, a whole number, in the reader's queue.
 */
export class RecordOutput {
  #reader;
  #batch;
  #records = [];
  #at = 0;

  constructor(batch, reader) {
    this.#batch = batch;
    this.#reader = reader;
    this.single = batch === 0;
    const { weight } = reader;
    if (weight === undefined) this.size = this.single ? undefined : sizeOfBatch;
    else this.size = this.single ? weight : (records) => records.length * weight();
  }

  take(chain) {
    const produced = chain.takeText();
    if (produced === undefined) return;
    const records = this.#reader.read(produced.text, produced.ends, produced.rows);
    if (this.#at === this.#records.length) {
      this.#records = records;
    } else {
      // What is left is less than a batch, and is moved only after one has been given.
      if (this.#at > 0) this.#records = this.#records.slice(this.#at);
      for (const record of records) this.#records.push(record);
    }
    this.#at = 0;
  }

  next(exhausted) {
    const left = this.#records.length - this.#at;
    if (left === 0) return undefined;
    const { finish, most } = this.#reader;
    if (this.#batch === 0) {
      const record = this.#records[this.#at++];
      return finish === undefined ? record : finish(record);
    }
    if (this.#batch === Infinity && finish === undefined) {
      const records = this.#records;
      this.#records = [];
      return records;
    }
    const count = this.#batch === Infinity ? Math.min(left, most()) : this.#batch;
    if (left < count && !exhausted) return undefined;
    const records = this.#records.slice(this.#at, this.#at + count);
    this.#at += records.length;
    return finish === undefined ? records : records.map(finish);
  }
}
