import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableEngines, findProgram, requireProgram } from '../../tools/browsers/executables.mjs';
import { launch, openBare } from '../../tools/browsers/index.mjs';

test('a path in the environment wins over the search', () => {
  assert.equal(
    findProgram('chromium', { TIDEGATE_CHROMIUM: '/somewhere/chromium', PATH: process.env.PATH }),
    '/somewhere/chromium',
  );
});

test('a browser that is absent is named with how to install it', () => {
  assert.throws(() => requireProgram('xvfb', { PATH: '' }), /Xvfb was not found.*apt-get install xvfb.*TIDEGATE_XVFB/);
});

test('an engine counts as available only with all that driving it needs', () => {
  const paths = { PATH: '', TIDEGATE_MINIBROWSER: '/m', TIDEGATE_WEBKIT_DRIVER: '/d' };
  assert.equal(availableEngines(paths).includes('webkit'), false);
  assert.equal(availableEngines({ ...paths, TIDEGATE_XVFB: '/x' }).includes('webkit'), true);
  assert.equal(availableEngines({ ...paths, DISPLAY: ':0' }).includes('webkit'), true);
});

test('an engine of another name is refused before anything starts', async () => {
  await assert.rejects(launch('lynx'), /unknown engine "lynx"/);
  await assert.rejects(openBare('lynx', 'about:blank'), /unknown engine "lynx"/);
});
