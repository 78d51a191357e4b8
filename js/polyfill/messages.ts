/**
 * Carries streams through `postMessage` and `structuredClone`. If the engine transfers its own streams, a readable or
 * writable stream of tidegate is sent as one of these, so that every receiver understands it; on a page with the
 * polyfill `event.data` converts it back. A TransformStream, any stream if the engine transfers none, and a stream that
 * the page sends to itself is sent in an envelope, with a handle in its place. The receiving side's `event.data` opens
 * the envelope, so both sides need the polyfill then.
 *
 * The envelope: `{ [ENVELOPE]: version, data, handles }`, where `data` holds the same objects as `handles`. A message
 * is an envelope if the ports of the handles are the last ports of the message. Neither JSON nor a clone can make these
 * ports, so no data looks like an envelope.
 */
import { reflectApply } from '../runtime/intrinsics.js';
import { INTERNAL } from '../runtime/webidl.js';
import { bridgeOf } from '../bridge/bridges.js';
import {
  hasBrand,
  isNativeReadable,
  isNativeWritable,
  NativeReadableStream,
  NativeWritableStream,
} from '../bridge/native-classes.js';
import { fromNative, toNative } from '../native/convert.js';
import { isHandle, prepareTransfer, receiveTransfer, requireUnlocked } from '../transfer/transfer.js';
import type { Handle, Prepared } from '../transfer/transfer.js';
import { eachSpecial, refuseStreams, tagOf } from '../transfer/search.js';
import { dataCloneError, takeDataGetter } from '../transfer/wire.js';
import { TransformStream } from '../streams/transform-stream.js';
import { replaceInCopy, replaceInPlace } from './graph.js';
import { dress } from './patches.js';
import type { Method, Patches } from './patches.js';
import type { PairLike, ReadableStreamLike } from '../bridge/shapes.js';
import type { Operator } from '../streams/any.js';

const ENVELOPE = 'tidegate.envelope';
const { window } = globalThis;
const streamTags = new Set(['ReadableStream', 'WritableStream', 'TransformStream']);
const { TransformStream: NativeTransformStream } = globalThis;
const nativeTransform =
  NativeTransformStream &&
  (Object.getOwnPropertyDescriptor(NativeTransformStream.prototype, 'readable')?.get as Method | undefined);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isNativeTransform = (value: unknown) => hasBrand(nativeTransform, value);
const isNative = (value: unknown) => isNativeReadable(value) || isNativeWritable(value) || isNativeTransform(value);

/** What the page's streams are. */
export interface Page {
  /** Whether the page's classes are tidegate's. */
  readonly isOurs: boolean;
  /** Whether the engine can transfer its own streams. */
  readonly nativeTransfers: boolean;
}

type ClassLike = { readonly prototype: object } | undefined;

/** Calls the engine's function with the changed arguments. */
type Post = (args: unknown[], inEnvelope: boolean) => unknown;

export function patchMessages(patches: Patches, page: Page): void {
  const { BroadcastChannel, Client, ExtendableMessageEvent, MessageEvent, MessagePort, ServiceWorker, Worker } =
    globalThis as unknown as Record<string, ClassLike>;
  if (MessagePort === undefined || MessageEvent === undefined) return;
  takeDataGetter();
  const sending = (post: Method, isKnown = false) =>
    ({
      method(this: unknown, ...args: unknown[]) {
        if (args.length === 1) return sendPlain(post, this, args);
        return send(page, args, (changed) => reflectApply(post, this, changed), isKnown);
      },
    }).method;
  for (const Class of [BroadcastChannel, Client, MessagePort, ServiceWorker, Worker]) {
    patches.method(Class?.prototype, 'postMessage', sending);
  }
  if (window === globalThis) patchWindow(patches, sending);
  else patches.method(globalThis, 'postMessage', sending);
  patches.method(
    globalThis,
    'structuredClone',
    (clone) =>
      ({
        method(this: unknown, ...args: unknown[]) {
          if (args.length === 1) return sendPlain(clone, this, args);
          let isEnveloped = false;
          const result = send(
            page,
            args,
            (changed, inEnvelope) => {
              isEnveloped = inEnvelope;
              return reflectApply(clone, this, changed);
            },
            true,
          );
          return isEnveloped ? unwrap(page, result as Envelope).data : adopted(page, result).data;
        },
      }).method,
  );
  for (const Event of [MessageEvent, ExtendableMessageEvent]) patchEvent(patches, page, Event?.prototype);
}

/**
 * The frames, the parent and the opener of a window call the same function, and the engine takes `event.source` from
 * the realm of the function that calls its own. So if one of them may be the caller, the getter returns the engine's
 * function.
 */
function patchWindow(patches: Patches, sending: (post: Method, isKnown: boolean) => Method): void {
  const before = Object.getOwnPropertyDescriptor(window, 'postMessage');
  if (typeof before?.value !== 'function') return;
  const post = dress(sending(before.value as Method, true), before.value as Method);
  patches.define(window, 'postMessage', {
    get: () => (window.parent === window && !window.opener && window.length === 0 ? post : before.value),
    set: (value: unknown) => Object.defineProperty(window, 'postMessage', { ...before, value }),
    enumerable: before.enumerable,
    configurable: true,
  });
}

interface TransferList {
  readonly list: readonly unknown[];
  /**
   * The arguments with another message and another transfer list. Undefined if `list` is empty because there was none.
   */
  readonly replace: ((message: unknown, transfer: readonly unknown[]) => unknown[]) | undefined;
}

const noList: TransferList = { list: [], replace: undefined };

/** The transfer list in the arguments of a call. It is read only once, because it may be a generator. */
function transferList(args: readonly unknown[]): TransferList {
  const index = typeof args[1] === 'string' || args[2] !== undefined ? 2 : 1;
  const given = args[index] as Partial<Iterable<unknown> & { transfer: Partial<Iterable<unknown>> }> | null | undefined;
  const isList = typeof given?.[Symbol.iterator] === 'function';
  const list = isList ? given : given?.transfer;
  if (typeof list?.[Symbol.iterator] !== 'function') return noList;
  return {
    list: [...(list as Iterable<unknown>)],
    replace(message, transfer) {
      const changed = [...args];
      changed[0] = message;
      changed[index] = isList ? transfer : { __proto__: given, transfer };
      return changed;
    },
  };
}

/** A message without a transfer list. */
function sendPlain(post: Method, owner: unknown, args: unknown[]): unknown {
  refuseStreams(args[0], undefined, true);
  return reflectApply(post, owner, args);
}

/**
 * Calls `post(args, inEnvelope)` once, with the arguments for the engine. `isKnown`: whether the receiver has the
 * polyfill.
 */
function send(page: Page, args: unknown[], post: Post, isKnown: boolean): unknown {
  const { list, replace } = transferList(args);
  const streams = list.filter(
    (value): value is object =>
      isObject(value) && streamTags.has(tagOf(value)) && !(page.nativeTransfers && isNative(value)),
  );
  if (streams.length === 0) {
    refuseStreams(args[0], list.length === 0 ? undefined : new Set(list), true);
    return post(list.length === 0 ? args : replace!(args[0], list), false);
  }
  refuseTwice(streams);
  const inEnvelope = isKnown || !page.nativeTransfers || streams.some((stream) => tagOf(stream) === 'TransformStream');
  const prepared = streams.map((stream) =>
    inEnvelope ? prepareTransfer(stream, { watch: false }) : prepareNative(stream as ReadableStreamLike),
  );
  try {
    const handles = prepared.map(({ handle }) => handle);
    const others = list.filter((value) => !streams.includes(value as object));
    const data = replaceInCopy(
      args[0],
      new Map(streams.map((stream, index) => [stream, handles[index]])),
      new Set(others),
    );
    const ports = prepared.flatMap((one) => one.ports);
    const result = post(
      replace!(inEnvelope ? { [ENVELOPE]: 1, data, handles } : data, [...others, ...ports]),
      inEnvelope,
    );
    // Only now: the post may have thrown because of another value, and then the streams must be as they were.
    for (const { commit } of prepared) commit();
    return result;
  } catch (error) {
    for (const { giveBack } of prepared) giveBack();
    throw error;
  }
}

const ignore = () => {};

/**
 * The same as `prepareTransfer` for an engine that transfers its own streams. The engine's stream for `stream` holds
 * its lock until `giveBack()`.
 */
function prepareNative(stream: ReadableStreamLike): Prepared {
  requireUnlocked(stream, tagOf(stream));
  const handle = toNative(stream);
  return { handle, ports: [handle], commit: ignore, giveBack: () => bridgeOf(handle)!.release() };
}

/** A stream is also listed twice if its TransformStream is listed too. */
function refuseTwice(streams: readonly object[]): void {
  const ends = streams.flatMap((stream) =>
    tagOf(stream) === 'TransformStream'
      ? [stream, (stream as PairLike).readable, (stream as PairLike).writable]
      : [stream],
  );
  if (new Set(ends).size < ends.length) throw dataCloneError('The transfer list contains the same stream twice');
}

/** A message as the page sees it. */
interface Content {
  readonly data: unknown;
  /** How many of the message's ports belong to handles and are hidden from the page. */
  readonly hidden: number;
  /** The ports that the page sees, once it has read them. */
  ports?: readonly unknown[];
}

/** What the page sees of events whose `data` was read and is not the engine's. */
const opened = new WeakMap<object, Content>();
/** Events whose `data` was read and is the engine's. They are kept apart, so that nothing keeps their data. */
const asTheyAre = new WeakSet();

function patchEvent(patches: Patches, page: Page, prototype: object | undefined): void {
  const raw = prototype && Object.getOwnPropertyDescriptor(prototype, 'data')?.get;
  const rawPorts = prototype && Object.getOwnPropertyDescriptor(prototype, 'ports')?.get;
  if (raw === undefined || rawPorts === undefined) return;
  const contentOf = (event: EventLike): Content => {
    const data = reflectApply(raw, event, []);
    // The data of an event that the page has made is the page's.
    if (!isObject(data) || !isReceived(event) || asTheyAre.has(event)) return { data, hidden: 0 };
    let content = opened.get(event);
    if (content !== undefined) return content;
    content = isEnvelope(data, reflectApply(rawPorts, event, []) as Ports) ? unwrap(page, data) : adopted(page, data);
    if (content.data === data) asTheyAre.add(event);
    else opened.set(event, content);
    return content;
  };
  patches.getter(
    prototype,
    'data',
    () =>
      function (this: unknown) {
        return contentOf(this as EventLike).data;
      },
  );
  patches.getter(
    prototype,
    'ports',
    (get) =>
      function (this: unknown) {
        const ports = reflectApply(get, this, []) as Ports;
        const content = contentOf(this as EventLike);
        if (content.hidden === 0) return ports;
        content.ports ??= Object.freeze(ports.slice(0, ports.length - content.hidden));
        return content.ports;
      },
  );
}

type Ports = readonly MessagePort[];

interface Envelope {
  readonly [ENVELOPE]: 1;
  readonly data: unknown;
  readonly handles: readonly Handle[];
}

type AnyHandle = Partial<{ port: MessagePort; readable: { port: MessagePort }; writable: { port: MessagePort } }>;

const portsOf = (handles: readonly Handle[]) =>
  (handles as readonly AnyHandle[]).flatMap(({ port, readable, writable }) => port ?? [readable!.port, writable!.port]);

/** Whether `message`, which came with `ports`, is an envelope. */
function isEnvelope(message: object, ports: Ports): message is Envelope {
  const { [ENVELOPE]: version, handles } = message as Partial<Record<keyof Envelope, unknown>>;
  if (version !== 1 || !Array.isArray(handles) || handles.length === 0 || !handles.every(isHandle)) return false;
  const theirs = portsOf(handles);
  const from = ports.length - theirs.length;
  return from >= 0 && theirs.every((port, index) => port === ports[from + index]);
}

/** The content of an envelope, with streams in place of the handles. */
function unwrap(page: Page, { data, handles }: Envelope): Content {
  const streams = new Map(handles.map((handle) => [handle, give(page, receiveTransfer(handle, { watch: false }))]));
  return { data: replaceInPlace(data, streams), hidden: portsOf(handles).length };
}

type EventLike = { isTrusted: boolean; target: { ref?: unknown } | null };

/**
 * Whether the engine has made `event` and its data, so that the data may be changed. In Node no event is trusted;
 * Node's ports have `ref`.
 */
const isReceived = ({ isTrusted, target }: EventLike) => isTrusted || typeof target?.ref === 'function';

/** The content of a message that is no envelope. */
const adopted = (page: Page, message: unknown): Content => ({
  data: page.isOurs && isObject(message) ? adopt(message) : message,
  hidden: 0,
});

const give = ({ isOurs }: Page, stream: object) => (isOurs ? stream : toNative(stream as ReadableStreamLike));

/** Replaces every stream of the engine in a message by the page's stream for it. */
function adopt(message: object): unknown {
  let streams: Map<object, object> | undefined;
  eachSpecial(
    message,
    (value) => {
      if (!streamPrototypes.has(Object.getPrototypeOf(value) as object | null) || !isNative(value)) return;
      streams ??= new Map();
      if (!streams.has(value)) streams.set(value, adoptStream(value));
    },
    true,
  );
  return streams === undefined ? message : replaceInPlace(message, streams);
}

/** The engine makes a message's objects in this realm. */
const streamPrototypes: ReadonlySet<object | null | undefined> = new Set(
  [NativeReadableStream, NativeWritableStream, NativeTransformStream].map((Class) => Class?.prototype),
);

function adoptStream(stream: object): object {
  const adopted = fromNative(stream as ReadableStreamLike);
  return isNativeTransform(stream)
    ? new TransformStream(INTERNAL, adopted as unknown as Operator<unknown, unknown>)
    : adopted;
}
