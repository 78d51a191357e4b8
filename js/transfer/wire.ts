/**
 * One side of the port that a transferred stream uses: messages `{ type, value }` on a MessagePort. The two ends
 * (readable-end, writable-end) define the types.
 *
 * Invariants:
 * 1. After `close()` nothing is posted and nothing is delivered.
 * 2. The port keeps a Node process alive only while its owner waits for the other side.
 * 3. The other side may be any code: no message throws here, and one that is not of the protocol errors both sides.
 */
import { uncurryThis } from '../runtime/intrinsics.js';
import { describe } from '../values/describe.js';
import { announce, unwatch, watch, withdraw } from './presence.js';

const { DOMException, MessageChannel, MessagePort } = globalThis;
const method = (name: keyof MessagePort) => MessagePort && uncurryThis(MessagePort.prototype[name] as () => unknown);
const postMessage = method('postMessage') as (port: MessagePort, message: Message, transfer: readonly object[]) => void;
export const closePort = method('close') as (port: MessagePort) => void;
const startPort = method('start') as (port: MessagePort) => void;
const listen = method('addEventListener') as unknown as (
  port: MessagePort,
  type: string,
  listener: (event: MessageEvent<unknown>) => void,
) => void;
let rawData: ((event: MessageEvent<unknown>) => unknown) | undefined;

/**
 * Captures the engine's getter of `event.data` before the polyfill changes it. Not at import, when Node would load all
 * of its fetch for `MessageEvent`.
 */
export function takeDataGetter(): void {
  const getter = Object.getOwnPropertyDescriptor(globalThis.MessageEvent?.prototype ?? {}, 'data')?.get;
  rawData ??= getter && uncurryThis(getter);
}

/**
 * The data of an event of the engine's. jsdom and happy-dom put a `MessageEvent` of their own on Node's global object:
 * its getter refuses the events of Node's ports, and the polyfill has not changed theirs.
 */
function dataOf(event: MessageEvent<unknown>): unknown {
  if (rawData !== undefined) {
    try {
      return rawData(event);
    } catch {
      // The event is of another class.
    }
  }
  return event.data;
}

/** The most chunks that one side lets the other send before they have arrived. */
export const MOST_CREDIT = 4096;

/**
 * What another thread or frame learns about an error or a reason. `all`: its structured clone, with the stack and
 * whatever else the engine clones, such as the cause. `message`: the name and message of an Error; any other value
 * crosses whole. `none`: only that the stream failed.
 */
export type ErrorCrossing = 'all' | 'message' | 'none';

/** What is sent. `value` is user data for the types `chunk` and `error`, and checked for every other type. */
interface Message {
  type: string;
  value: unknown;
}

/**
 * The end of a stream that a wire serves.
 *
 * 1. `accept(type, value)` receives each message until the wire is closed. It checks both, and returns false if the
 *    message is not allowed now; the wire then errors both sides. It must not throw.
 * 2. `fail(error)` is called at most once, after the wire was closed: the other side sent nonsense, or is gone.
 */
export interface WireOwner {
  accept(type: string, value: unknown): boolean;
  fail(error: unknown): void;
}

export interface WireOptions {
  /** Whether the stream errors when the other side is gone, if the engine reports that. */
  watch: boolean;
  /** What the other side is told of a failure. Default: `all`. */
  errors?: ErrorCrossing | undefined;
  /** The name of the other side's lock, if the other side has sent it with the handle. It is not checked yet. */
  lock?: unknown;
}

/** Node's ports also have these. */
interface Port extends MessagePort {
  ref?(): void;
  unref?(): void;
  hasRef?(): boolean;
}

/** The error of a value that cannot be cloned or transferred, as the standard names it. */
export const dataCloneError = (message: string): DOMException => new DOMException(message, 'DataCloneError');

/** Two entangled ports, `{ port1, port2 }`. */
export function newChannel(): MessageChannel {
  if (MessageChannel === undefined) throw new TypeError('transfer(): this engine has no MessageChannel');
  return new MessageChannel();
}

export const isPort = (value: unknown): value is MessagePort =>
  MessagePort !== undefined && value instanceof MessagePort;

/** @throws {TypeError} on behalf of `caller`, unless `errors` is an ErrorCrossing or undefined */
export function requireErrors(errors: unknown, caller: string): asserts errors is ErrorCrossing | undefined {
  if (errors === undefined || errors === 'all' || errors === 'message' || errors === 'none') return;
  throw new TypeError(`${caller}(): errors must be 'all', 'message' or 'none'; got ${describe(errors)}`);
}

const isText = (value: unknown): value is string => typeof value === 'string';

/**
 * An Error without a stack. Its properties are defined, because an assignment throws where Error.prototype is frozen.
 */
const newError = (name: string, message: string): Error =>
  Object.defineProperties(new Error(message), { name: { value: name }, stack: { value: '' } });

/** What the other side is told of `error` if it may see only the name and message, or nothing. */
function redacted(error: unknown, errors: ErrorCrossing): unknown {
  if (errors === 'none') return newError('Error', 'The other side of the stream failed');
  if (!(error instanceof Error) || error instanceof DOMException) return error;
  const { name, message } = error as { name: unknown; message: unknown };
  return newError(isText(name) ? name : 'Error', isText(message) ? message : '');
}

export class Wire {
  /** Undefined once closed. */
  declare port: Port | undefined;
  declare owner: WireOwner;
  declare errors: ErrorCrossing;
  declare watches: boolean;
  declare lock: string | undefined;
  declare delivered: number;

  constructor(port: Port, owner: WireOwner, options: WireOptions) {
    const { watch: isWatching, errors = 'all', lock } = options;
    takeDataGetter();
    this.port = port;
    this.owner = owner;
    this.errors = errors;
    listen(port, 'message', (event) => this.deliver(dataOf(event)));
    listen(port, 'messageerror', () => {
      if (this.port !== undefined)
        this.fail(
          dataCloneError('The transferred stream received a chunk that could not be deserialized on this side'),
        );
    });
    this.watches = isWatching;
    /** The lock of the other side: one only, or a peer could make this side wait for any number of locks. */
    this.lock = undefined;
    this.delivered = 0;
    if (isWatching) {
      listen(port, 'close', () => this.lost());
      this.watch(lock, false);
      // Node's ports report the end of the other side by `close`.
      if (port.unref === undefined) announce(this);
    }
    startPort(port);
    this.waits(true);
    // Node reports no close that happened earlier, but a closed port cannot be referenced.
    if (isWatching && port.hasRef?.() === false) Promise.resolve().then(() => this.lost());
    this.waits(false);
  }

  /** Whether the owner waits for something that only the other side can do. */
  waits(waiting: boolean): void {
    if (waiting) this.port?.ref?.();
    else this.port?.unref?.();
  }

  deliver(message: unknown): void {
    if (this.port === undefined) return;
    this.delivered += 1;
    if (!this.accept(message))
      this.fail(
        new DOMException(
          'The other side of the transferred stream sent a message that the protocol does not allow',
          'DataError',
        ),
      );
  }

  accept(message: unknown): boolean {
    if (message === null || typeof message !== 'object') return false;
    const { type, value } = message as { type?: unknown; value?: { name?: unknown; message?: unknown } | null };
    if (type === 'lock' || type === 'locked') return this.watch(value, type === 'locked');
    if (type !== 'exception') return isText(type) && this.owner.accept(type, value);
    return (
      isText(value?.name) &&
      isText(value.message) &&
      this.owner.accept('error', new DOMException(value.message, value.name))
    );
  }

  /** Whether `name` can be the name of the other side's lock. */
  watch(name: unknown, isTaken: boolean): boolean {
    if (!isText(name) || name !== (this.lock ?? name)) return false;
    this.lock = name;
    if (this.watches) watch(this, name, isTaken);
    return true;
  }

  /** Throws a DataCloneError if `value` cannot be cloned. */
  post(type: string, value: unknown, transfer: readonly object[] = []): void {
    if (this.port !== undefined) postMessage(this.port, { type, value }, transfer);
  }

  /** A DOMException crosses as its name and message, because not every engine can clone one. */
  sendError(error: unknown): void {
    const told = this.errors === 'all' ? error : redacted(error, this.errors);
    if (told instanceof DOMException) this.post('exception', { name: told.name, message: told.message });
    else this.post('error', told);
  }

  /**
   * Sends a clone of `reason` to the other side and closes. If `reason` cannot be cloned, sends the error of the clone
   * in its place, and returns that error.
   */
  postError(reason: unknown): { error: unknown } | undefined {
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

  /** `error` may be anything, because a getter of the cloned value may have thrown it. */
  sendFailure(error: unknown): void {
    try {
      this.sendError(error);
    } catch {
      this.sendError(dataCloneError('The stream failed with an error that cannot be cloned'));
    }
  }

  fail(error: unknown): void {
    this.sendError(error);
    this.close();
    this.owner.fail(error);
  }

  /** The other side is gone. */
  lost(): void {
    if (this.port === undefined) return;
    this.close();
    this.owner.fail(
      new DOMException(
        'The other side of the transferred stream is gone: its worker, page or process ended',
        'NetworkError',
      ),
    );
  }

  close(): void {
    const { port } = this;
    if (port === undefined) return;
    this.port = undefined;
    closePort(port);
    if (!this.watches) return;
    unwatch(this);
    withdraw(this);
  }
}
