/**
 * Paths of JSON documents: the part of JSONPath (RFC 9535, https://www.rfc-editor.org/rfc/rfc9535) that one pass can follow.
 */
import { describe } from '../values/describe.js';
import { shown } from '../values/require.js';
import { utf8 } from '../runtime/text.js';

/** A step of a path: the name of a member, the index of an element, or null for all. */
export type Step = string | number | null;

/** The most steps: a chain in the module keeps something for each. */
const MOST_STEPS = 64;
const LAST_INDEX = 2 ** 32 - 1;

const SUPPORTED = "a path is $ and then any of .name, ['name'], [0], .* and [*], as '$.features[*]'";
const ELSEWHERE: Record<string, string> = {
  '?': ': filters are not supported; filter what comes instead',
  ':': ': slices are not supported; use skip() and take()',
  ',': ': several selectors in one pair of brackets are not supported',
};

/** The start of a name without quotes is a letter, _ or a character that is not ASCII; digits may follow. */
const SHORTHAND = /[a-zA-Z_\u0080-\uffff][\w\u0080-\uffff]*/y;
const INDEX = /0|[1-9][0-9]*/y;
const SPACES = /[ \t\n\r]*/y;
/* eslint-disable no-control-regex */
/** Characters and escapes of a name in quotes. */
const QUOTED: Record<string, RegExp> = {
  "'": /(?:[^'\\\0-\x1f]|\\(?:['\\/bfnrt]|u[\da-fA-F]{4}))*/y,
  '"': /(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y,
};
const ESCAPED = /['\\\0-\x1f]/g;
/* eslint-enable no-control-regex */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** @throws {TypeError} if it is no such path */
export function readPath(path: unknown): Step[] {
  if (typeof path !== 'string') throw new TypeError(`json: path must be a string; got ${describe(path)}`);
  const steps: Step[] = [];
  let at = 0;
  const refuse = () => {
    let hint = ELSEWHERE[path.charAt(at)] ?? '';
    if (path.startsWith('..', at - 1)) hint = ': .. is not supported';
    else if (path.startsWith('[-', at - 1)) hint = ': indices count from the start, as the end is not known';
    else if (/[\w)]/.test(path.charAt(at - 1)) && hint === '') hint = ": other names are in quotes, as ['first-name']";
    return new TypeError(`json: the path ${shown(path)} is not understood at character ${at + 1}${hint}; ${SUPPORTED}`);
  };
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(path)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const take = (character: string) => {
    if (path.charAt(at) !== character) throw refuse();
    at++;
  };
  const bracketed = (): Step => {
    const first = path.charAt(at);
    if (first === '*') return (at++, null);
    if (first === "'" || first === '"') {
      at++;
      const start = at;
      const name = unescape(match(QUOTED[first]!));
      if (LONE_SURROGATE.test(name)) {
        at = start;
        throw refuse();
      }
      take(first);
      return name;
    }
    const start = at;
    const digits = match(INDEX);
    if (digits === '' || Number(digits) > LAST_INDEX) {
      at = start;
      throw refuse();
    }
    return Number(digits);
  };
  take('$');
  while (at < path.length) {
    match(SPACES);
    if (path.charAt(at) === '.') {
      at++;
      if (path.charAt(at) === '*') {
        at++;
        steps.push(null);
        continue;
      }
      const start = at;
      const name = match(SHORTHAND);
      if (name === '' || LONE_SURROGATE.test(name)) {
        at = start;
        throw refuse();
      }
      steps.push(name);
      continue;
    }
    take('[');
    match(SPACES);
    steps.push(bracketed());
    match(SPACES);
    take(']');
  }
  if (steps.length > MOST_STEPS) throw new TypeError(`json: a path may have ${MOST_STEPS} steps`);
  return steps;
}

const unescape = (name: string): string =>
  name.includes('\\')
    ? (JSON.parse(`"${name.replace(/\\'|"|\\"/g, (part) => (part === "\\'" ? "'" : '\\"'))}"`) as string)
    : name;

/** The steps as `JsonPath::read` of src/codec/json/path.rs reads them. */
export function writePath(steps: readonly Step[]): number[] {
  const bytes: number[] = [];
  const number = (value: number) => bytes.push(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
  for (const step of steps) {
    if (step === null) {
      bytes.push(0);
    } else if (typeof step === 'number') {
      bytes.push(1);
      number(step);
    } else {
      const name = utf8(step);
      bytes.push(2);
      number(name.length);
      bytes.push(...name);
    }
  }
  return bytes;
}

/** What `writePath` has written. */
export function pathFrom(bytes: readonly number[]): Step[] {
  const steps: Step[] = [];
  const view = new DataView(Uint8Array.from(bytes).buffer);
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at++];
    if (kind === 0) {
      steps.push(null);
      continue;
    }
    const number = view.getUint32(at, true);
    at += 4;
    if (kind === 1) {
      steps.push(number);
      continue;
    }
    steps.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(view.buffer, at, number)));
    at += number;
  }
  return steps;
}

const SHORT_ESCAPES: Record<string, string> = { '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A step of a normalized path (RFC 9535, 2.7). */
export function shownStep(step: Step): string {
  if (step === null) return '[*]';
  if (typeof step === 'number') return `[${step}]`;
  const escaped = step.replace(
    ESCAPED,
    (character) =>
      SHORT_ESCAPES[character] ??
      (character < ' ' ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : `\\${character}`),
  );
  return `['${escaped}']`;
}
