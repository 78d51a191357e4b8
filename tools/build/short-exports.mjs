/**
 * Short names for the exports of the Wasm modules in dist/: with those in js/ they are half a kilobyte of each entry that a page loads. A
 * debug build keeps the long ones.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULES = ['core'];
const EXPORTS = 7;

/** The names that are shortened, each with its short one. Those of wasm-bindgen's and the memory stay. */
export function shortNames(root) {
  const own = MODULES.flatMap((name) => {
    const module = new WebAssembly.Module(readFileSync(join(root, 'build', name, `${name}_bg.wasm`)));
    return WebAssembly.Module.exports(module).map((entry) => entry.name);
  }).filter((name) => /^[a-z]+_/.test(name));
  return Object.fromEntries(own.sort().map((name, index) => [name, `_${index.toString(36)}`]));
}

/** The other way round, for tests that watch calls. */
export const longNames = (root) =>
  Object.fromEntries(Object.entries(shortNames(root)).map(([long, short]) => [short, long]));

/** The module with its exports renamed as `names` says. */
export function renameExports(bytes, names) {
  const input = { bytes, at: 8 };
  const out = [...bytes.subarray(0, 8)];
  while (input.at < bytes.length) {
    const id = bytes[input.at++];
    const length = readNumber(input);
    const end = input.at + length;
    const section = id === EXPORTS ? renamed(input, names) : bytes.subarray(input.at, end);
    out.push(id, ...number(section.length));
    for (const byte of section) out.push(byte);
    input.at = end;
  }
  return Uint8Array.from(out);
}

function renamed(input, names) {
  const count = readNumber(input);
  const out = number(count);
  for (let left = count; left > 0; left--) {
    const length = readNumber(input);
    const name = Buffer.from(input.bytes.subarray(input.at, input.at + length)).toString();
    input.at += length;
    const short = Buffer.from(names[name] ?? name);
    const kind = input.bytes[input.at++];
    out.push(...number(short.length), ...short, kind, ...number(readNumber(input)));
  }
  return out;
}

/** LEB128, unsigned. */
function readNumber(input) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input.bytes[input.at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

function number(value) {
  const out = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...out, rest];
    out.push((rest & 0x7f) | 0x80);
  }
}
