/**
 * One side of the channel that a transferred stream runs over: messages `{ type, value }` on a MessagePort. What the
 * types are is the business of the two ends (readable-end.js, writable-end.js).
 *
 * Invariants:
 * 1. After `close()` nothing is posted and nothing is delivered.
 * 2. The port keeps a Node process alive only while its owner said that it waits for the other side.
 */
import { uncurryThis } from '../internal/intrinsics.js';
import { announce, unwatch, watch } from './presence.js';

const { DOMException, MessageChannel, MessageEvent, MessagePort } = globalThis;
const method = (name) => MessagePort && uncurryThis(MessagePort.prototype[name]);
const postMessage = method('postMessage');
const closePort = method('close');
const startPort = method('start');
const listen = method('addEventListener');
const dataOf = MessageEvent && uncurryThis(Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data').get);

/** The error of what cannot be cloned or transferred, as the standard names it. */
export const dataCloneError = (message) => new DOMException(message, 'DataCloneError');

/** Two entangled ports, `{ port1, port2 }`. */
export function newChannel() {
  if (MessageChannel === undefined) throw new TypeError('transfer(): this engine has no MessageChannel');
  return new MessageChannel();
}

export const isPort = (value) => MessagePort !== undefined && value instanceof MessagePort;

export class Wire {
  /**
   * @param owner `receive(type, value)` gets each message; `fail(error)` is called when one could not be deserialized,
   *   and, where `isWatching` is true and the engine tells, when the other side is gone.
   */
  constructor(port, owner, isWatching) {
    this.port = port;
    this.owner = owner;
    listen(port, 'message', (event) => this.deliver(dataOf(event)));
    listen(port, 'messageerror', () => {
      if (this.port !== undefined) this.fail(dataCloneError('A message of the transferred stream could not be deserialized here'));
    });
    this.watches = isWatching;
    if (isWatching) {
      listen(port, 'close', () => this.lost());
      // Node's ports tell by `close`.
      if (port.unref === undefined) announce(this);
    }
    startPort(port);
    this.waits(false);
  }

  /** Whether the owner waits for something that only the other side can do. */
  waits(waiting) {
    if (waiting) this.port?.ref?.();
    else this.port?.unref?.();
  }

  deliver(message) {
    // The other side may be anybody: what is no message of ours is passed over.
    if (this.port === undefined || message === null || typeof message !== 'object') return;
    const { type, value } = message;
    if (type === 'lock' && this.watches) watch(this, value);
    else if (type === 'exception') this.owner.receive('error', new DOMException(value?.message, value?.name));
    else this.owner.receive(type, value);
  }

  /** Throws a DataCloneError where `value` cannot be cloned. */
  post(type, value, transfer = []) {
    if (this.port !== undefined) postMessage(this.port, { type, value }, transfer);
  }

  /** Not every engine can clone a DOMException. */
  sendError(error) {
    if (error instanceof DOMException) this.post('exception', { name: error.name, message: error.message });
    else this.post('error', error);
  }

  /** Tells the other side of an error, as its clone; where it has none, of that; then closes. Returns why it has none. */
  postError(reason) {
    try {
      this.sendError(reason);
      return undefined;
    } catch (error) {
      this.sendFailure(error);
      return { error };
    } finally {
      this.close();
    }
  }

  /** `error` may be what a getter of the value threw, and so anything. */
  sendFailure(error) {
    try {
      this.sendError(error);
    } catch {
      this.post('error', undefined);
    }
  }

  fail(error) {
    this.sendError(error);
    this.close();
    this.owner.fail(error);
  }

  /** The other side is gone. */
  lost() {
    if (this.port === undefined) return;
    this.close();
    this.owner.fail(new DOMException('The other side of the transferred stream is gone', 'NetworkError'));
  }

  close() {
    const { port } = this;
    if (port === undefined) return;
    this.port = undefined;
    closePort(port);
    if (this.watches) unwatch(this);
  }
}
