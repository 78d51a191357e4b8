/**
 * One side of the channel that a transferred stream runs over: messages `{ type, value }` on a MessagePort. What the
 * types are is the business of the two ends (readable-end.js, writable-end.js).
 *
 * Invariants:
 * 1. After `close()` nothing is posted and nothing is delivered.
 * 2. The port keeps a Node process alive only while its owner said that it waits for the other side.
 * 3. The other side may be anybody: no message throws here, and one that is not of the protocol fails both sides.
 */
import { uncurryThis } from '../runtime/intrinsics.js';
import { describe } from '../values/describe.js';
import { announce, unwatch, watch } from './presence.js';

const { DOMException, MessageChannel, MessagePort } = globalThis;
const method = (name) => MessagePort && uncurryThis(MessagePort.prototype[name]);
const postMessage = method('postMessage');
export const closePort = method('close');
const startPort = method('start');
const listen = method('addEventListener');
let dataOf;

/** Takes the engine's `event.data`, before the polyfill changes it. Not at the import: Node has its `MessageEvent` with all of its fetch. */
export function takeDataGetter() {
  dataOf ??= uncurryThis(Object.getOwnPropertyDescriptor(globalThis.MessageEvent.prototype, 'data').get);
}

/** The most chunks that one side lets the other send before they have arrived. */
export const MOST_CREDIT = 4096;

/** The error of what cannot be cloned or transferred, as the standard names it. */
export const dataCloneError = (message) => new DOMException(message, 'DataCloneError');

/** Two entangled ports, `{ port1, port2 }`. */
export function newChannel() {
  if (MessageChannel === undefined) throw new TypeError('transfer(): this engine has no MessageChannel');
  return new MessageChannel();
}

export const isPort = (value) => MessagePort !== undefined && value instanceof MessagePort;

/** @throws {TypeError} on behalf of `caller` unless `errors` says what crosses with an error, or is undefined */
export function requireErrors(errors, caller) {
  if (errors === undefined || errors === 'all' || errors === 'message' || errors === 'none') return;
  throw new TypeError(`${caller}(): errors must be 'all', 'message' or 'none'; got ${describe(errors)}`);
}

const isText = (value) => typeof value === 'string';

/** What the other side is told of `error` where it is to see no more than its name and message, or nothing of it. */
function redacted(error, errors) {
  if (errors === 'none') return Object.assign(new Error('The other side of the stream failed'), { stack: '' });
  if (!(error instanceof Error) || error instanceof DOMException) return error;
  const { name, message } = error;
  return Object.assign(new Error(isText(message) ? message : ''), { name: isText(name) ? name : 'Error', stack: '' });
}

export class Wire {
  /**
   * @param owner `accept(type, value)` gets each message, and answers whether it is one that may come; `fail(error)` is called when the
   *   stream cannot go on, and, where `watch` is true and the engine tells, when the other side is gone
   * @param {{ watch: boolean, errors?: 'all' | 'message' | 'none', lock?: unknown }} options `errors`: what the other side is told of a failure;
   *   `lock`: what the other side says to be the name of its lock, where it has said so before
   */
  constructor(port, owner, options) {
    const { watch: isWatching, errors = 'all', lock } = options;
    takeDataGetter();
    this.port = port;
    this.owner = owner;
    this.errors = errors;
    listen(port, 'message', (event) => this.deliver(dataOf(event)));
    listen(port, 'messageerror', () => {
      if (this.port !== undefined)
        this.fail(dataCloneError('A message of the transferred stream could not be deserialized here'));
    });
    this.watches = isWatching;
    /** The lock of the other side: one, or a peer could make this side wait for any number. */
    this.lock = undefined;
    if (isWatching) {
      listen(port, 'close', () => this.lost());
      this.watch(lock, false);
      // Node's ports tell by `close`.
      if (port.unref === undefined) announce(this);
    }
    startPort(port);
    this.waits(true);
    // Node tells nobody of a close that came before, but a port that is closed cannot be referenced.
    if (isWatching && port.hasRef?.() === false) Promise.resolve().then(() => this.lost());
    this.waits(false);
  }

  /** Whether the owner waits for something that only the other side can do. */
  waits(waiting) {
    if (waiting) this.port?.ref?.();
    else this.port?.unref?.();
  }

  deliver(message) {
    if (this.port === undefined) return;
    if (!this.accept(message))
      this.fail(
        new DOMException(
          'The other side of the stream has sent what is no message of its protocol, or not one that may come now',
          'DataError',
        ),
      );
  }

  accept(message) {
    if (message === null || typeof message !== 'object') return false;
    const { type, value } = message;
    if (type === 'lock' || type === 'locked') return this.watch(value, type === 'locked');
    if (type !== 'exception') return isText(type) && this.owner.accept(type, value);
    return (
      isText(value?.name) &&
      isText(value.message) &&
      this.owner.accept('error', new DOMException(value.message, value.name))
    );
  }

  /** Whether `name` can be that of the other side's lock. */
  watch(name, isTaken) {
    if (!isText(name) || name !== (this.lock ?? name)) return false;
    this.lock = name;
    if (this.watches) watch(this, name, isTaken);
    return true;
  }

  /** Throws a DataCloneError where `value` cannot be cloned. */
  post(type, value, transfer = []) {
    if (this.port !== undefined) postMessage(this.port, { type, value }, transfer);
  }

  /** Not every engine can clone a DOMException. */
  sendError(error) {
    const told = this.errors === 'all' ? error : redacted(error, this.errors);
    if (told instanceof DOMException) this.post('exception', { name: told.name, message: told.message });
    else this.post('error', told);
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
      this.sendError(dataCloneError('The error of the stream could not be cloned'));
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
