/** Streams over a MessagePort: each chunk is sent when the other side has given leave for it. */
import { describe } from '../pipeline/describe.js';
import { requireCount } from '../operators/arguments.js';
import { readableEnd } from '../transfer/readable-end.js';
import { isPort } from '../transfer/wire.js';
import { writableEnd } from '../transfer/writable-end.js';

function requirePort(name, port) {
  if (!isPort(port)) {
    throw new TypeError(`${name}(): the first argument must be a MessagePort; got ${describe(port)}. For a worker, make a MessageChannel and send it one port`);
  }
}

/**
 * See channels.d.ts.
 *
 * @param {any} port
 * @param {{ highWaterMark?: number }} [options]
 */
export function fromMessagePort(port, options) {
  const { highWaterMark = 0 } = options ?? {};
  requirePort('fromMessagePort', port);
  requireCount(highWaterMark, 'fromMessagePort(): highWaterMark', 0);
  return readableEnd(port, { highWaterMark, watch: true });
}

/**
 * See channels.d.ts.
 *
 * @param {any} port
 * @param {{ transfer?: boolean | ((chunk: unknown) => Transferable[]) }} [options]
 */
export function toMessagePort(port, options) {
  requirePort('toMessagePort', port);
  return writableEnd(port, { transferChunks: options?.transfer ?? false, watch: true });
}
