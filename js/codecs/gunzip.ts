import { requireFunction, requireKnown } from '../values/require.js';
import { inflate } from './families/inflate.js';
import { unpacker } from './inflate.js';
import { KNOWN, numbers } from './limits.js';
import type { Bytes } from '../runtime/buffers.js';
import type { InflateOptions } from './limits.js';
import type { GzipHeader } from './segment.js';
import type { CodecStage } from './stage.js';

export type { GzipHeader };

export interface GunzipOptions extends InflateOptions {
  /**
   * What to do with bytes after the last member that are not a gzip member: `error` fails with `trailing-data` (the
   * default), `ignore` drops them.
   */
  trailing?: 'error' | 'ignore' | undefined;
  /**
   * Called with the header of each member, in order, before the member's first byte is handed on. The chunk that follows
   * may begin with the end of the member before. What it throws, the streams fail with.
   */
  onHeader?: ((header: GzipHeader) => void) | undefined;
}

/** Tells the headers of one codec from those of others in its Wasm module; 0 is of those that keep none. */
let tags = 0;

/**
 * Decompresses gzip, RFC 1952 (https://www.rfc-editor.org/rfc/rfc1952): one or more members. Verifies the header's CRC,
 * and each member's CRC and size. Chunks are `Uint8Array`s of at most 65,536 bytes, however far a small input expands.
 */
export function gunzip(options: GunzipOptions = {}): CodecStage<Bytes> {
  requireKnown(options, 'gunzip', [...KNOWN, 'onHeader']);
  const { onHeader } = options;
  if (onHeader !== undefined) requireFunction(onHeader, 'gunzip: onHeader');
  const [ignores, bytes, ratio] = numbers('gunzip', options);
  const tag = onHeader === undefined ? 0 : (tags = (tags + 1) >>> 0 || 1);
  const codec = inflate.codec('gunzip', (exports) => exports.codecs_add_gunzip(ignores, bytes, ratio, tag));
  return unpacker(codec, options, onHeader && { tag, found: onHeader });
}
