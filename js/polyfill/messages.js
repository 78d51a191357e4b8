/**
 * Streams in `postMessage` and `structuredClone`. Where the engine transfers its own, a readable or writable of tidegate's goes as one of
 * these, which every receiver understands; `event.data` makes it the page's again where the polyfill is. A TransformStream, any stream
 * where the engine transfers none, and what the page sends to itself goes in an envelope, with a handle in the stream's place, and the
 * receiving side's `event.data` opens that: so both sides need the polyfill then.
 *
 * The envelope: `{ [ENVELOPE]: version, data, handles }`, where `data` holds the very objects of `handles`. What makes it one are the handles' ports,
 * which are the message's last ones: neither JSON nor a clone can make those, so no data looks like an envelope.
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
import { isHandle, prepareTransfer, receiveTransfer } from '../transfer/transfer.js';
import { eachSpecial, refuseStreams, tagOf } from '../transfer/chunks.js';
import { dataCloneError, takeDataGetter } from '../transfer/wire.js';
import { TransformStream } from '../streams/transform-stream.js';
import { replaceInCopy, replaceInPlace } from './graph.js';
import { dress } from './patches.js';

const ENVELOPE = 'tidegate.envelope';
const { window } = globalThis;
const streamTags = new Set(['ReadableStream', 'WritableStream', 'TransformStream']);
const { TransformStream: NativeTransformStream } = globalThis;
const nativeTransform =
  NativeTransformStream && Object.getOwnPropertyDescriptor(NativeTransformStream.prototype, 'readable')?.get;

const isObject = (value) => typeof value === 'object' && value !== null;
const isNativeTransform = (value) => hasBrand(nativeTransform, value);
const isNative = (value) => isNativeReadable(value) || isNativeWritable(value) || isNativeTransform(value);

/**
 * @param patches where the changes are recorded
 * @param {{ isOurs: boolean, nativeTransfers: boolean }} page `isOurs`: whether the page's classes are tidegate's;
 *   `nativeTransfers`: whether the engine can transfer its own
 */
export function patchMessages(patches, page) {
  const { BroadcastChannel, Client, ExtendableMessageEvent, MessageEvent, MessagePort, ServiceWorker, Worker } =
    /** @type {any} */ (globalThis);
  if (MessagePort === undefined || MessageEvent === undefined) return;
  takeDataGetter();
  const sending = (post, isKnown = false) =>
    ({
      method(...args) {
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
        method(...args) {
          if (args.length === 1) {
            if (isObject(args[0])) refuseStreams(args[0], undefined, true);
            return reflectApply(clone, this, args);
          }
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
          return isEnveloped ? unwrap(page, result).data : adopted(page, result).data;
        },
      }).method,
  );
  for (const Event of [MessageEvent, ExtendableMessageEvent]) patchEvent(patches, page, Event?.prototype);
}

/**
 * A window's function is also what its frames, its parent and its opener call, and the engine takes `event.source` from
 * whose function calls its own. So where one of them could be the caller, they get the engine's.
 */
function patchWindow(patches, sending) {
  const before = Object.getOwnPropertyDescriptor(window, 'postMessage');
  if (typeof before?.value !== 'function') return;
  const post = dress(sending(before.value, true), before.value);
  patches.define(window, 'postMessage', {
    get: () => (window.parent === window && !window.opener && window.length === 0 ? post : before.value),
    set: (value) => Object.defineProperty(window, 'postMessage', { ...before, value }),
    enumerable: before.enumerable,
    configurable: true,
  });
}

const noList = { list: [], replace: undefined };

/** The transfer list of a call's arguments, read once, as it may be a generator; and the arguments with another in its place. */
function transferList(args) {
  const index = typeof args[1] === 'string' || args[2] !== undefined ? 2 : 1;
  const given = args[index];
  const isList = typeof given?.[Symbol.iterator] === 'function';
  const list = isList ? given : given?.transfer;
  if (typeof list?.[Symbol.iterator] !== 'function') return noList;
  return {
    list: [...list],
    replace(message, transfer) {
      const changed = [...args];
      changed[0] = message;
      changed[index] = isList ? transfer : { __proto__: given, transfer };
      return changed;
    },
  };
}

/** `post(args, inEnvelope)` is called once, with the arguments that the engine is to have. `isKnown`: whether the receiver has the polyfill. */
function send(page, args, post, isKnown) {
  const { list, replace } = args.length < 2 ? noList : transferList(args);
  const streams = list.filter(
    (value) => isObject(value) && streamTags.has(tagOf(value)) && !(page.nativeTransfers && isNative(value)),
  );
  if (streams.length === 0) {
    if (isObject(args[0])) refuseStreams(args[0], list.length === 0 ? undefined : new Set(list), true);
    return post(list.length === 0 ? args : replace(args[0], list), false);
  }
  refuseTwice(streams);
  const inEnvelope = isKnown || !page.nativeTransfers || streams.some((stream) => tagOf(stream) === 'TransformStream');
  /** @type {any[]} */
  const prepared = streams.map((stream) =>
    inEnvelope ? prepareTransfer(stream, { watch: false }) : prepareNative(stream),
  );
  try {
    const handles = prepared.map(({ handle }) => handle);
    const others = list.filter((value) => !streams.includes(value));
    const data = replaceInCopy(
      args[0],
      new Map(streams.map((stream, index) => [stream, handles[index]])),
      new Set(others),
    );
    const ports = prepared.flatMap((one) => one.ports);
    const result = post(
      replace(inEnvelope ? { [ENVELOPE]: 1, data, handles } : data, [...others, ...ports]),
      inEnvelope,
    );
    // Until here nothing has happened to the streams: the post may have refused something else.
    for (const { commit } of prepared) commit();
    return result;
  } catch (error) {
    for (const { giveBack } of prepared) giveBack();
    throw error;
  }
}

const ignore = () => {};

/** As `prepareTransfer`, for an engine that transfers its own: its stream for `stream`, which has the lock of that until `giveBack()`. */
function prepareNative(stream) {
  if (stream.locked) throw dataCloneError(`A ${tagOf(stream)} that is locked cannot be transferred`);
  const handle = toNative(stream);
  return { handle, ports: [handle], commit: ignore, giveBack: () => bridgeOf(handle).release() };
}

/** A stream is there twice also where its TransformStream is there. */
function refuseTwice(streams) {
  const ends = streams.flatMap((stream) =>
    tagOf(stream) === 'TransformStream' ? [stream, stream.readable, stream.writable] : [stream],
  );
  if (new Set(ends).size < ends.length) throw dataCloneError('A stream is listed twice for transfer');
}

/** Events whose data was asked for, to `{ data, hidden }`. */
const opened = new WeakMap();

function patchEvent(patches, page, prototype) {
  const raw = prototype && Object.getOwnPropertyDescriptor(prototype, 'data')?.get;
  const rawPorts = prototype && Object.getOwnPropertyDescriptor(prototype, 'ports')?.get;
  if (raw === undefined || rawPorts === undefined) return;
  const contentOf = (event) => {
    const data = reflectApply(raw, event, []);
    // One that the page has made has what the page put there.
    if (!isObject(data) || !isReceived(event)) return { data, hidden: 0 };
    if (!opened.has(event))
      opened.set(event, isEnvelope(data, reflectApply(rawPorts, event, [])) ? unwrap(page, data) : adopted(page, data));
    return opened.get(event);
  };
  patches.getter(
    prototype,
    'data',
    () =>
      function () {
        return contentOf(this).data;
      },
  );
  patches.getter(
    prototype,
    'ports',
    (get) =>
      function () {
        const ports = reflectApply(get, this, []);
        const content = contentOf(this);
        if (content.hidden === 0) return ports;
        content.ports ??= Object.freeze(ports.slice(0, ports.length - content.hidden));
        return content.ports;
      },
  );
}

const portsOf = (handles) => handles.flatMap(({ port, readable, writable }) => port ?? [readable.port, writable.port]);

/** Whether `message`, which came with `ports`, is an envelope. */
function isEnvelope(message, ports) {
  const { [ENVELOPE]: version, handles } = message;
  if (version !== 1 || !Array.isArray(handles) || handles.length === 0 || !handles.every(isHandle)) return false;
  const theirs = portsOf(handles);
  const from = ports.length - theirs.length;
  return from >= 0 && theirs.every((port, index) => port === ports[from + index]);
}

/** What an envelope says, streams included, and how many ports are those of its handles. */
function unwrap(page, { data, handles }) {
  const streams = new Map(handles.map((handle) => [handle, give(page, receiveTransfer(handle, { watch: false }))]));
  return { data: replaceInPlace(data, streams), hidden: portsOf(handles).length };
}

/** Whether the engine has made `event`, and its data, which is ours to change then. Node trusts no events; its ports can be referenced. */
const isReceived = ({ isTrusted, target }) => isTrusted || typeof target?.ref === 'function';

/** What any other message says. */
const adopted = (page, message) => ({
  data: page.isOurs && isObject(message) ? adopt(message) : message,
  hidden: 0,
});

const give = ({ isOurs }, stream) => (isOurs ? stream : toNative(stream));

/** Makes the page's every stream of the engine's in a message. */
function adopt(message) {
  /** @type {Map<object, object> | undefined} */
  let streams;
  eachSpecial(
    message,
    (value) => {
      if (!streamPrototypes.has(Object.getPrototypeOf(value)) || !isNative(value)) return;
      streams ??= new Map();
      if (!streams.has(value)) streams.set(value, adoptStream(value));
    },
    true,
  );
  return streams === undefined ? message : replaceInPlace(message, streams);
}

/** A message is made in this realm. */
const streamPrototypes = new Set(
  [NativeReadableStream, NativeWritableStream, NativeTransformStream].map((Class) => Class?.prototype),
);

function adoptStream(stream) {
  const adopted = fromNative(stream);
  return isNativeTransform(stream) ? new TransformStream(INTERNAL, adopted) : adopted;
}
