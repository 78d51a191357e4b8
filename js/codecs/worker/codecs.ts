/** The codecs that a message names, of all families. */
import { base64 } from '../families/base64.js';
import { csv } from '../families/csv.js';
import { deflate } from '../families/deflate.js';
import { digest } from '../families/digest.js';
import { inflate } from '../families/inflate.js';
import { text } from '../families/text.js';
import { brotli, brotliCompress } from './given.js';
import { zstd } from '../families/zstd.js';
import { zstdCompress } from '../families/zstd-compress.js';
import type { AnyFamily, Codec } from '../module.js';
import type { RemoteCodec } from './protocol.js';

export const families = new Map<string, AnyFamily>(
  [base64, brotli, brotliCompress, csv, deflate, digest, inflate, text, zstd, zstdCompress].map((family) => [
    family.name,
    family,
  ]),
);

type Returning = Record<string, (...args: readonly unknown[]) => number>;

/** The codec that makes these calls. */
export const codecOf = ({ name, family, calls }: RemoteCodec): Codec => ({
  name,
  family: families.get(family)!,
  add(exports, put) {
    const returned: number[] = [];
    for (const call of calls) {
      if ('name' in call) returned.push((exports as unknown as Returning)[call.name]!(...call.args));
      else if (!put(returned[call.after]!, call.bytes)) return;
      else returned.push(0);
    }
  },
});
