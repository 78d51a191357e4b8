/**
 * Base64 and hexadecimal digits, both ways: ours, the engine's methods of `Uint8Array`, Node's Buffer, and btoa and atob, which js-base64 calls where there is no
 * Buffer. The others are given whole groups, which a stream would first have to make of its chunks: bytes in multiples of 3, text in multiples of 4.
 */
import { base64Decode, base64Encode, hexDecode, hexEncode } from 'tidegate/codecs';
import { CHUNK, chunksOf, runOurs } from './chunks.js';
import { BytesSeen, TextSeen } from './seen.js';

const GROUPS = 65_535;

/** Views of the same bytes as Buffers, where there are any. */
const bufferOf = (chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);

/** Texts of each run of data, made before the time is taken, by the first turn of all contenders. */
const texts = new WeakMap();

function textOf({ text }, form) {
  let all = texts.get(text);
  if (all === undefined) texts.set(text, (all = {}));
  return (all[form] ??= FORMS[form](text));
}

function btoaOf(chunk) {
  let binary = '';
  for (let at = 0; at < chunk.length; at += 4096)
    binary += String.fromCharCode.apply(undefined, chunk.subarray(at, at + 4096));
  return btoa(binary);
}

function atobOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

const hexOf = (chunk) => Array.from(chunk, (byte) => byte.toString(16).padStart(2, '0')).join('');

const FORMS = {
  base64: (bytes) => Array.from(groupsOf(bytes, 49_152), btoaOf),
  lines: (bytes) => Array.from(groupsOf(bytes, 47_880), (chunk) => btoaOf(chunk).replace(/.{76}/g, '$&\r\n')),
  hex: (bytes) => Array.from(groupsOf(bytes, CHUNK / 2), hexOf),
};

function* groupsOf(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function seen(kind, run) {
  const all = kind === 'text' ? new TextSeen() : new BytesSeen();
  await run((chunk) => all.chunk(chunk));
  return all.result();
}

const encoder = (of) => (data) =>
  seen('text', (see) => {
    for (const chunk of groupsOf(data.text, GROUPS)) see(of(chunk));
  });
const decoder = (form, of) => (data) =>
  seen('bytes', (see) => {
    for (const text of textOf(data, form)) see(of(text));
  });
const ours = (stage) => (data) => seen('text', (see) => runOurs(chunksOf(data.text), [stage()], see));
const oursOf = (form, stage) => (data) => seen('bytes', (see) => runOurs(textOf(data, form), [stage()], see));

/** Contenders of which the engine has the function. */
const present = (contenders) => Object.fromEntries(Object.entries(contenders).filter(([, run]) => run));
const has = (object, name, make) => (typeof object?.[name] === 'function' ? make() : undefined);
const { prototype } = Uint8Array;
const NodeBuffer = globalThis.Buffer;

export const base64 = {
  'base64 encode': present({
    ours: ours(() => base64Encode()),
    engine: has(prototype, 'toBase64', () => encoder((chunk) => chunk.toBase64())),
    buffer: has(NodeBuffer, 'from', () => encoder((chunk) => bufferOf(chunk).toString('base64'))),
    btoa: encoder(btoaOf),
  }),
  'base64 decode': present({
    ours: oursOf('base64', () => base64Decode()),
    engine: has(Uint8Array, 'fromBase64', () => decoder('base64', (text) => Uint8Array.fromBase64(text))),
    buffer: has(NodeBuffer, 'from', () => decoder('base64', (text) => Buffer.from(text, 'base64'))),
    atob: decoder('base64', atobOf),
  }),
  'base64 decode, lines of 76': present({
    ours: oursOf('lines', () => base64Decode()),
    engine: has(Uint8Array, 'fromBase64', () => decoder('lines', (text) => Uint8Array.fromBase64(text))),
    buffer: has(NodeBuffer, 'from', () => decoder('lines', (text) => Buffer.from(text, 'base64'))),
    atob: decoder('lines', atobOf),
  }),
};

export const hex = {
  'hex encode': present({
    ours: ours(() => hexEncode()),
    engine: has(prototype, 'toHex', () => encoder((chunk) => chunk.toHex())),
    buffer: has(NodeBuffer, 'from', () => encoder((chunk) => bufferOf(chunk).toString('hex'))),
    'by hand': encoder(hexOf),
  }),
  'hex decode': present({
    ours: oursOf('hex', () => hexDecode()),
    engine: has(Uint8Array, 'fromHex', () => decoder('hex', (text) => Uint8Array.fromHex(text))),
    buffer: has(NodeBuffer, 'from', () => decoder('hex', (text) => Buffer.from(text, 'hex'))),
  }),
};
