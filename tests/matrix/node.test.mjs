/** The matrix in Node: see cells.js. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { serve } from '../packaging/helpers.mjs';
import { loadSource } from '../../tools/build/load-source.mjs';
import { cells } from './cells.js';
import { flood, node } from './flood-node.mjs';
import { floodCells } from './floods.js';
import { muteCells } from './mute.js';
import { muteNode } from './mute-node.mjs';
import { spentCells } from './spent.js';
import { spentNode } from './spent-node.mjs';
import { start } from './server.mjs';
import { GRACE, turn, until } from './support.js';

const { GRACE: PACKAGE_GRACE } = await loadSource('js/runtime/grace');

const all = cells(['streamed requests']);
const floods = floodCells(['node', ...(globalThis.WebSocket ? ['WebSocket'] : [])]);
const mutes = muteCells(['streamed requests'], muteNode);
const spent = spentCells(['streamed requests', 'node'], spentNode);

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const ports = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

describe('every source with every sink', { concurrency: 8 }, () => {
  let other;
  let server;
  const env = {};
  const unhandled = [];
  const onUnhandled = (error) => unhandled.push(error);
  let timersBefore;

  before(async () => {
    timersBefore = timers();
    process.on('unhandledRejection', onUnhandled);
    other = start();
    server = await serve(import.meta.dirname, other.routes);
    other.attach(server.server);
    env.origin = server.url.slice(0, -1);
    Object.assign(env, { flood, node });
    env.openSocket = (path) => new WebSocket(env.origin.replace('http', 'ws') + path);
  });
  after(async () => {
    // Mute parts take the grace, and some of them twice.
    await until(() => Math.max(timers(), timersBefore), timersBefore, 'the number of timers', 5);
    await until(ports, 0, 'the number of message ports');
    other.stop();
    await server.close();
    await turn();
    process.removeListener('unhandledRejection', onUnhandled);
    assert.deepEqual(unhandled, []);
  });

  for (const { name, run } of [...all, ...floods, ...mutes, ...spent]) test(name, { timeout: 20_000 }, () => run(env));
});

test('the matrix has the cells it is meant to have', () => {
  assert.equal(all.length, 11 * (8 * 12 + 1));
  assert.equal(floods.length, 2 * (21 + (globalThis.WebSocket ? 1 : 0)));
  assert.equal(mutes.length, 225);
  assert.equal(spent.length, 219);
});

test('the grace that the matrix counts in is that of the package', () => {
  assert.equal(GRACE, PACKAGE_GRACE);
});
