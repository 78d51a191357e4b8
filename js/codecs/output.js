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
 * Infinity for chunks of what comes together. `read(text, ends, rows)` makes records of a batch.
 */
export class RecordOutput {
  #read;
  #batch;
  #records = [];
  #at = 0;

  constructor(batch, read) {
    this.#batch = batch;
    this.#read = read;
    this.single = batch === 0;
    this.size = batch === 0 ? undefined : sizeOfBatch;
  }

  take(chain) {
    const produced = chain.takeText();
    if (produced === undefined) return;
    const records = this.#read(produced.text, produced.ends, produced.rows);
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
    if (this.#batch === 0) return this.#records[this.#at++];
    if (this.#batch === Infinity) {
      const records = this.#records;
      this.#records = [];
      return records;
    }
    if (left < this.#batch && !exhausted) return undefined;
    const records = this.#records.slice(this.#at, this.#at + this.#batch);
    this.#at += records.length;
    return records;
  }
}
