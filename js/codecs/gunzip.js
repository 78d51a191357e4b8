import { checkOptions, highWaterMark, oneOf } from './options.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';

/** High-water marks of bytes, in bytes. */
export const BYTES_MARK = 65536;

/** Unpacks gzip: RFC 1952. See index.d.ts. */
export function gunzip(options = {}) {
  checkOptions('gunzip', options, ['trailing', 'highWaterMark', 'inputHighWaterMark']);
  const trailing = oneOf('gunzip', 'trailing', options.trailing ?? 'error', ['error', 'ignore']);
  return new Stage({
    name: 'gunzip',
    add: (exports) => exports.codecs_add_gunzip(trailing === 'ignore'),
    output: () => new ByteOutput(),
    highWaterMark: highWaterMark('gunzip', 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark('gunzip', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
  });
}
