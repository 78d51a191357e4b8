/** Streams over a MessagePort: each chunk is sent when the other side has given leave for it. */
import { describe } from '../values/describe.js';
import { requireCount } from '../values/require.js';
import { readableEnd } from './readable-end.js';
import { isPort, requireErrors } from './wire.js';
import { writableEnd } from './writable-end.js';

function requirePort(name, port) {
  if (!isPort(port)) {
    throw new TypeError(
      `${name}(): the first argument must be a MessagePort; got ${describe(port)}. For a worker, make a MessageChannel and send it one port`,
    );
  }
}

const stopped = (message) => () => new DOMException(message, 'AbortError');

/**
 * See channels.d.ts.
 *
 * @param {any} port
 * @param {{ highWaterMark?: number, errors?: 'all' | 'message' | 'none' }} [options]
 */
export function fromMessagePort(port, options) {
  const { highWaterMark = 0, errors } = options ?? {};
  requirePort('fromMessagePort', port);
  requireCount(highWaterMark, 'fromMessagePort(): highWaterMark', 0);
  requireErrors(errors, 'fromMessagePort');
  return readableEnd(port, {
    highWaterMark,
    watch: true,
    errors,
    enough: stopped('fromMessagePort(): the other side has aborted its stream without a reason'),
  });
}

/**
 * See channels.d.ts.
 *
 * @param {any} port
 * @param {{ transfer?: boolean | ((chunk: unknown) => Transferable[]), errors?: 'all' | 'message' | 'none' }} [options]
 */
export function toMessagePort(port, options) {
  requirePort('toMessagePort', port);
  const { transfer = false, errors } = options ?? {};
  requireErrors(errors, 'toMessagePort');
  return writableEnd(port, {
    transferChunks: transfer,
    watch: true,
    errors,
    enough: stopped('toMessagePort(): the other side has had enough'),
  });
}
