/** docs/LIFE-OF-A-CHUNK.md, as it happens: its two programs run here, and the core is called in the order that the page says. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { longNames } from '../../tools/build/short-exports.mjs';
import { resolvePath, root } from './documents.mjs';

const PAGE = readFileSync(join(root, 'docs/LIFE-OF-A-CHUNK.md'), 'utf8');
const [first, second] = [...PAGE.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);

const names = longNames(root);
/** What happened, in order: the calls of a Wasm module as `{ name, result }`, and what a program logs. */
const events = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = function (module, imports) {
  const { exports } = new Instance(module, imports);
  const traced = { ...exports };
  for (const [name, call] of Object.entries(exports)) {
    if (typeof call !== 'function') continue;
    traced[name] = (...args) => {
      const result = call(...args);
      events.push({ name: names[name] ?? name, result });
      return result;
    };
  }
  return { exports: traced };
};

// The streams of its own that it makes after the first stream are no events of a program.
const { ReadableStream } = await import('tidegate');
new ReadableStream();
await new Promise(setImmediate);

/** Runs a program of the page below the package, so that its imports by name are resolved; what it logs are events. */
async function runProgram(name, code) {
  const folder = join(root, 'build/examples');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, code.replaceAll('console.log(', 'globalThis.logEvent('));
  events.length = 0;
  globalThis.logEvent = (value) => events.push({ name: 'log', value });
  await import(`${pathToFileURL(file)}?${Date.now()}`);
}

const after = (name, at = 0) => {
  const found = events.findIndex((event, n) => n >= at && event.name === name);
  assert.notEqual(found, -1, `${name} is not called`);
  return found;
};

test('a chunk is queued by its enqueue, and moved to the sink by the report that the write before it is done', async () => {
  const { R_QUEUED, R_CALL_PULL, R_CHUNK, P_MOVE, P_TAKEN, P_BEGIN, P_FULL, P_WRITTEN, P_SOURCE_SHIFT, P_ACTION_MASK } =
    effects();
  await runProgram('life-of-a-chunk', first);
  assert.equal(events.filter(({ name, value }) => name === 'log' && value === 'chunk').length, 3);
  const enqueued = after('readable_enqueue', after('readable_enqueue') + 1);
  assert.equal(events[enqueued].result, R_QUEUED);
  const turned = after('pipe_turned');
  assert.ok(turned > enqueued);
  const { result } = events[turned];
  assert.equal(result & P_ACTION_MASK, P_MOVE);
  for (const bit of [P_WRITTEN, P_TAKEN, P_BEGIN, P_FULL]) assert.ok(result & bit, `bit ${bit} is not set`);
  assert.equal((result >>> P_SOURCE_SHIFT) & (R_CHUNK | R_CALL_PULL), R_CHUNK | R_CALL_PULL);
  const pulled = after('readable_enqueue', turned);
  assert.ok(pulled < after('log', turned), 'pull comes before the sink');
});

/** The numbers of js/core/effects, by their names. */
function effects() {
  const text = readFileSync(join(root, resolvePath('js/core/effects')), 'utf8');
  const constants = text.matchAll(/^export const (\w+)[^=\n]*=[^\d\n]*(0x[\da-f]+|\d+)(?: << (\d+))?/gm);
  return Object.fromEntries([...constants].map(([, name, value, by = 0]) => [name, Number(value) << by]));
}

test('a response becomes rows by the calls that the page names, in their order', async () => {
  const server = createServer((request, response) => response.end(gzipSync('city,n\nEmden,1\nHusum,2\n')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await runProgram('life-of-a-row', second.replace('big.csv.gz', `http://127.0.0.1:${server.address().port}/`));
    assert.deepEqual(
      events.filter(({ name }) => name === 'log').map(({ value }) => value),
      ['Emden', 'Husum'],
    );
    const named = [
      ...PAGE.slice(PAGE.indexOf('## From a response')).matchAll(/\(`((?:byte_readable|pipe|codecs|readable)_\w+)`\)/g),
    ];
    const order = named.map(([, name]) => name);
    assert.deepEqual(order, [
      'byte_readable_read',
      'byte_readable_enqueue',
      'pipe_write',
      'codecs_input',
      'codecs_run',
      'codecs_text',
      'readable_enqueue',
    ]);
    order.reduce((at, name) => after(name, at) + 1, 0);
    assert.ok(after('readable_enqueue') < after('log'));
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
