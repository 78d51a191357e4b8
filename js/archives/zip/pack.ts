/** The data of an entry of a zip archive: compressed or stored, with its CRC. */
import { Chain } from '../../codecs/chain.js';
import { deflate } from '../../codecs/families/deflate.js';
import { FINISHED } from '../../codecs/segment.js';
import { isRefusal } from '../../core/wasm.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Pieces } from '../../entries/pieces.js';

/** The number of src/wasm/codecs/deflate.rs for deflate alone. */
const RAW = 2;
const crc = deflate.codec('crc32', (exports) => exports.codecs_add_crc32());
const NOTHING = new Uint8Array(0);

const sumOf = (chain: Chain): number => {
  const sum = chain.digest(0);
  return ((sum[0]! << 24) | (sum[1]! << 16) | (sum[2]! << 8) | sum[3]!) >>> 0;
};

/** Must be freed. */
export class Packer {
  /** Of the content. */
  size = 0;
  /** Of the data. */
  compressedSize = 0;
  #chain: Chain;
  #result = { state: 0, taken: 0 };

  /** @param level of deflate; undefined stores */
  constructor(level: number | undefined) {
    const data = deflate.codec('deflateRaw', (exports) => exports.codecs_add_deflate(RAW, level ?? 0, 0, 255));
    try {
      this.#chain = new Chain(level === undefined ? [crc] : [crc, data]);
    } catch (error) {
      throw isRefusal(error) ? deflate.module.refusal(error) : error;
    }
  }

  /** Adds what comes of `bytes` to `pieces`; a step for each batch. */
  *write(bytes: Uint8Array, pieces: Pieces, last: boolean): Generator<void> {
    this.size += bytes.length;
    for (let at = 0; ;) {
      this.#chain.run(bytes as Bytes, at, last, this.#result);
      at += this.#result.taken;
      const batch = this.#chain.takeBytes();
      this.compressedSize += batch.length;
      pieces.add(batch, true);
      if (last ? this.#result.state === FINISHED : at === bytes.length && this.#result.state === 0) return;
      yield;
    }
  }

  /** The end of the content. */
  end(pieces: Pieces): Generator<void> {
    return this.write(NOTHING, pieces, true);
  }

  get crc32(): number {
    return sumOf(this.#chain);
  }

  free(): void {
    this.#chain.free();
  }
}

/** Computes a CRC alone. Must be freed. */
export class Sum {
  #packer = new Packer(undefined);
  #pieces: Pick<Pieces, 'add'> = { add() {} };

  add(bytes: Uint8Array): void {
    const steps = this.#packer.write(bytes, this.#pieces as Pieces, false);
    while (!steps.next().done);
  }

  get crc32(): number {
    return this.#packer.crc32;
  }

  get size(): number {
    return this.#packer.size;
  }

  free(): void {
    this.#packer.free();
  }
}
