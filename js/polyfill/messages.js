/**
 * Streams in `postMessage` and `structuredClone`. Where a transfer list names one that the engine would refuse, the
 * message goes in an envelope, with a handle in the place of the stream, and the receiving side's `event.data` opens it.
 * So both sides need the polyfill; what the engine can transfer by itself it does, and `toNative` makes such a stream.
 *
 * The envelope: `{ [ENVELOPE]: version, data, handles }`, where `data` holds the very objects of `handles`. What makes it one are the handles' ports,
 * which are the message's last ones: neither JSON nor a clone can make those, so no data looks like an envelope.
 */
import { reflectApply } from '../internal/intrinsics.js';
import { INTERNAL } from '../internal/webidl.js';
import { hasBrand, isNativeReadable, isNativeWritable } from '../native-classes.js';
import { fromNative, toNative } from '../native.js';
import { isHandle, prepareTransfer, receiveTransfer } from '../transfer.js';
import { refuseStreams, tagOf } from '../transfer/chunks.js';
import { dataCloneError } from '../transfer/wire.js';
import { TransformStream } from '../transform-stream.js';
import { replaceInCopy, replaceInPlace } from './graph.js';
import { dress } from './patches.js';

const ENVELOPE = 'tidegate.envelope';
const { window } = globalThis;
const streamTags = new Set(['ReadableStream', 'WritableStream', 'TransformStream']);
const nativeTransform = globalThis.TransformStream && Object.getOwnPropertyDescriptor(globalThis.TransformStream.prototype, 'readable')?.get;

const isObject = (value) => typeof value === 'object' && value !== null;
const isNativeTransform = (value) => hasBrand(nativeTransform, value);
const isNative = (value) => isNativeReadable(value) || isNativeWritable(value) || isNativeTransform(value);

/**
 * @param patches where the changes are recorded
 * @param {{ isOurs: boolean, nativeTransfers: boolean }} page `isOurs`: whether the page's classes are tidegate's;
 *   `nativeTransfers`: whether the engine can transfer its own
 */
export function patchMessages(patches, page) {
  const { Client, ExtendableMessageEvent, MessageEvent, MessagePort, ServiceWorker, Worker } = /** @type {any} */ (globalThis);
  if (MessagePort === undefined || MessageEvent === undefined) return;
  const sending = (post) => ({
    method(...args) {
      return send(page, args, (changed) => reflectApply(post, this, changed));
    },
  }).method;
  for (const target of [MessagePort.prototype, Worker?.prototype, ServiceWorker?.prototype, Client?.prototype]) {
    patches.method(target, 'postMessage', sending);
  }
  if (window === globalThis) patchWindow(patches, sending);
  else patches.method(globalThis, 'postMessage', sending);
  patches.method(globalThis, 'structuredClone', (clone) => ({
    method(...args) {
      let isWrapped = false;
      const result = send(page, args, (changed) => {
        isWrapped = changed !== args;
        return reflectApply(clone, this, changed);
      });
      return isWrapped ? unwrap(page, result).data : adopted(page, result, true).data;
    },
  }).method);
  for (const Event of [MessageEvent, ExtendableMessageEvent]) patchEvent(patches, page, Event?.prototype);
}

/**
 * A window's function is also what its frames, its parent and its opener call, and the engine takes `event.source` from
 * whose function calls its own. So where one of them could be the caller, they get the engine's.
 */
function patchWindow(patches, sending) {
  const before = Object.getOwnPropertyDescriptor(window, 'postMessage');
  if (typeof before?.value !== 'function') return;
  const post = dress(sending(before.value), before.value);
  patches.define(window, 'postMessage', {
    get: () => (window.parent === window && !window.opener && window.length === 0 ? post : before.value),
    set: (value) => Object.defineProperty(window, 'postMessage', { ...before, value }),
    enumerable: before.enumerable,
    configurable: true,
  });
}

/** The transfer list of a call's arguments, and the arguments with another in its place. */
function transferList(args) {
  const index = typeof args[1] === 'string' || args.length > 2 ? 2 : 1;
  const given = args[index];
  const isList = typeof given?.[Symbol.iterator] === 'function';
  const list = isList ? given : given?.transfer;
  if (typeof list?.[Symbol.iterator] !== 'function') return { list: [], replace: undefined };
  return {
    list: [...list],
    replace(message, transfer) {
      const changed = [...args];
      changed[0] = message;
      changed[index] = isList ? transfer : { ...given, transfer };
      return changed;
    },
  };
}

function send(page, args, post) {
  const { list, replace } = transferList(args);
  const streams = list.filter((value) => isObject(value) && streamTags.has(tagOf(value)) && !(page.nativeTransfers && isNative(value)));
  if (streams.length === 0) {
    refuseStreams(args[0], new Set(list));
    return post(args);
  }
  refuseTwice(streams);
  const prepared = streams.map((stream) => prepareTransfer(stream, { watch: false }));
  const handles = prepared.map(({ handle }) => handle);
  const others = list.filter((value) => !streams.includes(value));
  const data = replaceInCopy(args[0], new Map(streams.map((stream, index) => [stream, handles[index]])), new Set(others));
  const ports = prepared.flatMap((one) => one.ports);
  const result = post(replace({ [ENVELOPE]: 1, data, handles }, [...others, ...ports]));
  // Until here nothing has happened to the streams: the post may have refused something else.
  for (const { commit } of prepared) commit();
  return result;
}

/** A stream is there twice also where its TransformStream is there. */
function refuseTwice(streams) {
  const ends = streams.flatMap((stream) => (tagOf(stream) === 'TransformStream' ? [stream, stream.readable, stream.writable] : [stream]));
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
    if (!isObject(data)) return { data, hidden: 0 };
    if (!opened.has(event)) opened.set(event, isEnvelope(data, reflectApply(rawPorts, event, [])) ? unwrap(page, data) : adopted(page, data, event.isTrusted));
    return opened.get(event);
  };
  patches.getter(prototype, 'data', () => function () {
    return contentOf(this).data;
  });
  patches.getter(prototype, 'ports', (get) => function () {
    const ports = reflectApply(get, this, []);
    const content = contentOf(this);
    if (content.hidden === 0) return ports;
    content.ports ??= Object.freeze(ports.slice(0, ports.length - content.hidden));
    return content.ports;
  });
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

/** What any other message says. `isFresh`: made by the engine for this message, and so ours to change. */
const adopted = (page, message, isFresh) => ({ data: page.isOurs && isFresh && isObject(message) ? adopt(message) : message, hidden: 0 });

const give = ({ isOurs }, stream) => (isOurs ? stream : toNative(stream));

/** Makes the page's a stream of the engine's that is the message, or the message's direct property. */
function adopt(message) {
  if (isNative(message)) return adoptStream(message);
  const tag = tagOf(message);
  if (tag === 'Object' || (tag === 'Array' && message.length < 100)) {
    for (const key of Object.keys(message)) if (isNative(message[key])) message[key] = adoptStream(message[key]);
  }
  return message;
}

function adoptStream(stream) {
  const adopted = fromNative(stream);
  return isNativeTransform(stream) ? new TransformStream(INTERNAL, adopted) : adopted;
}
