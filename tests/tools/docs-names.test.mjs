/** The names that documents use for the package's API are those it exports, and every export is in some document. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as tidegate from 'tidegate';
import * as archives from 'tidegate/archives';
import * as multipart from 'tidegate/multipart';
import * as codecs from 'tidegate/codecs';
import * as inspect from 'tidegate/inspect';
import * as monitor from 'tidegate/monitor';
import * as polyfill from 'tidegate/polyfill';
import * as slim from 'tidegate/slim';
import * as slimCodecs from 'tidegate/slim/codecs';
import { documents, filesBelow, root } from './documents.mjs';

polyfill.uninstall();
const entries = {
  tidegate,
  'tidegate/archives': archives,
  'tidegate/multipart': multipart,
  'tidegate/codecs': codecs,
  'tidegate/inspect': inspect,
  'tidegate/monitor': monitor,
  'tidegate/polyfill': polyfill,
  'tidegate/slim': slim,
  'tidegate/slim/codecs': slimCodecs,
};
const exported = new Set(Object.values(entries).flatMap(Object.keys));

/** The classes of the Streams Standard: its text documents them. */
const STANDARD = /^(Readable|Writable|Transform)(Byte)?Stream|QueuingStrategy$/;

/** Pages that are about the inside: they also name functions of the sources. */
const INSIDE =
  /^(docs\/(ARCHITECTURE|FILES|GLOSSARY|HOW-TO-CHANGE|LIFE-OF-A-CHUNK|ORDER|LAB)|CONTRIBUTING|fuzz\/|benches\/)/;

/** The pages that are about the crate as well, whose functions are those of Rust. */
const CRATE = ['docs/CRATE.md', 'docs/CODECS.md', 'CHANGELOG.md'];
const ofRust = new Set(
  filesBelow('src').flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/^ *pub (?:async )?fn (\w+)/gm)].map(([, name]) => name),
  ),
);

/** Callbacks that a caller writes, and functions that belong to an object of somebody else. */
const OTHERS = new Set([
  ...['start', 'pull', 'cancel', 'write', 'close', 'abort', 'transform', 'flush', 'size', 'return', 'terminate'],
  ...['fn', 'onDiscard', 'onProgress', 'subscribe', 'deliver', 'end', 'fail', 'ack', 'nack', 'pause', 'resume'],
  ...['postMessage', 'createWritable', 'text', 'transaction', 'Worker', 'get', 'stream'],
]);

const membersOf = (value) =>
  typeof value === 'function' && value.prototype ? Object.getOwnPropertyNames(value.prototype) : [];
const members = new Set([
  ...Object.values(tidegate).flatMap((value) => [...membersOf(value), ...Object.getOwnPropertyNames(value)]),
  ...membersOf(Object.getPrototypeOf(async function* () {}).prototype),
  'next',
]);

/** The names that a document calls in code: `name(…)` alone in backticks. */
const callsOf = (text) => [...text.matchAll(/`(?:new |await )?([A-Za-z_]\w*)\([^`\n]*`/g)].map(([, name]) => name);

/** The names that a document imports from the package, `[entry, name]` each. */
const importsOf = (text) =>
  [...text.matchAll(/import \{([^}]+)\} from '(tidegate[\w/]*)'/g)].flatMap(([, names, entry]) =>
    names
      .split(',')
      .map((name) => name.trim().split(' as ')[0])
      .filter(Boolean)
      .map((name) => [entry, name]),
  );

const unknownCalls = (path, text, words) =>
  callsOf(text).filter(
    (name) =>
      !exported.has(name) &&
      !(name in globalThis) &&
      !members.has(name) &&
      !OTHERS.has(name) &&
      !(CRATE.includes(path) && ofRust.has(name)) &&
      !(INSIDE.test(path) && words.has(name)),
  );

const unknownImports = (text) =>
  importsOf(text)
    .filter(([entry, name]) => !(name in (entries[entry] ?? {})))
    .map(([entry, name]) => `${name} of ${entry}`);

const words = new Set(
  ['js', 'src', 'tools', 'tests']
    .flatMap(filesBelow)
    .filter((file) => /\.(rs|[cm]?[jt]s)$/.test(file))
    .flatMap((file) => readFileSync(join(root, file), 'utf8').match(/[A-Za-z_]\w*/g) ?? []),
);

for (const { path, text } of documents) {
  test(`what ${path} imports from the package is exported by it`, () => assert.deepEqual(unknownImports(text), []));

  // The first column of a table in a guide is what others have.
  const own = /^docs\/(moving-in|guide)\//.test(path) ? text.replace(/^\| .*? \|(?= .* \|$)/gm, '|') : text;
  test(`the functions that ${path} calls exist`, () => assert.deepEqual(unknownCalls(path, own, words), []));
}

test('a name that is no export is found', () => {
  assert.deepEqual(unknownImports("import { pipeline, pipelines } from 'tidegate';"), ['pipelines of tidegate']);
  assert.deepEqual(unknownCalls('README.md', '`toText(x)`, `toTexts(x)`, `schedule(job)`', words), [
    'toTexts',
    'schedule',
  ]);
  assert.deepEqual(unknownCalls('docs/ARCHITECTURE.md', '`schedule(job)`', words), []);
  assert.deepEqual(unknownCalls('docs/CRATE.md', '`pipe_to()`, `pipe_two()`', words), ['pipe_two']);
});

test('every export but the classes of the standard is named in a document', () => {
  const all = documents.filter(({ path }) => path !== 'CHANGELOG.md').map(({ text }) => text);
  const named = new Set(
    all.flatMap((text) => [...text.matchAll(/`[^`\n]+`/g)].flatMap(([code]) => code.match(/\w+/g))),
  );
  assert.deepEqual(
    [...exported].filter((name) => !STANDARD.test(name) && !named.has(name)),
    [],
  );
});
