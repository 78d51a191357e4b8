import assert from 'node:assert/strict';
import test from 'node:test';
import { cargoCounts, nodeCounts } from '../../tools/test/counts.mjs';
import { availableEngines } from '../../tools/browsers/executables.mjs';
import { engineLines } from '../../tools/test/engines.mjs';
import { whyNotHere } from '../../tools/test/oldest.mjs';
import { choose, plan } from '../../tools/test/plan.mjs';

const root = new URL('../..', import.meta.url).pathname;
const step = (name, env) => plan(root, env).find((one) => one.name === name);

test('the counts of cargo test are summed over its binaries', () => {
  const output = [
    'test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s',
    'test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s',
  ].join('\n');
  assert.deepEqual(cargoCounts(output), { passed: 15, failed: 2 });
});

test('a Node test that was cancelled counts as failed', () => {
  assert.deepEqual(nodeCounts('ℹ tests 6\nℹ pass 3\nℹ fail 1\nℹ cancelled 2\n'), { passed: 3, failed: 3 });
});

test('the Web Platform Tests do not run without a checkout, and the reason is said', () => {
  assert.match(step('wpt', {}).missing, /WPT_DIR|no runner/);
  assert.match(step('wpt', { WPT_DIR: '/nowhere' }).missing, /streams\/ folder|no runner/);
});

test('steps can be chosen and left out by name', () => {
  const names = (options) => choose([{ name: 'a' }, { name: 'b' }], options).map(({ name }) => name);
  assert.deepEqual(names({}), ['a', 'b']);
  assert.deepEqual(names({ only: ['b'] }), ['b']);
  assert.deepEqual(names({ skip: ['b'] }), ['a']);
});

test('a step that does not exist is refused with the list of those that do', () => {
  assert.throws(() => choose([{ name: 'a' }], { only: ['c'] }), /no step "c"; the steps are a/);
});

test('each engine has a line with its version, or with why no test runs in it', async () => {
  const versionOf = async (engine) => {
    if (engine === 'firefox') throw new Error('it does not start\nat all');
    return engine === 'node' ? 'Node 20.1.2' : 'Chromium 115.0';
  };
  assert.deepEqual(await engineLines({ available: ['chromium', 'firefox'], versionOf }), [
    'node: Node 20.1.2',
    'chromium: Chromium 115.0',
    'firefox: its version could not be read (it does not start)',
    'webkit: not installed, so no test runs in it',
  ]);
  assert.deepEqual(await engineLines({ browsers: false, versionOf }), ['node: Node 20.1.2']);
});

test('the old Chromium is left out, with the reason, where it cannot run', () => {
  assert.match(whyNotHere({ platform: 'linux', arch: 'arm64', glibc: '2.36' }), /x86-64 only; this is linux on arm64/);
  assert.match(whyNotHere({ platform: 'darwin', arch: 'x64', glibc: undefined }), /this is darwin/);
  assert.match(whyNotHere({ platform: 'linux', arch: 'x64', glibc: undefined }), /glibc/);
  assert.equal(whyNotHere({ platform: 'linux', arch: 'x64', glibc: '2.36' }), undefined);
});

test('TIDEGATE_ENGINES chooses among the installed engines, and a name that is none is refused', () => {
  const installed = { TIDEGATE_CHROMIUM: '/c', TIDEGATE_FIREFOX: '/f' };
  assert.deepEqual(availableEngines({ ...installed, TIDEGATE_ENGINES: 'firefox' }), ['firefox']);
  assert.throws(
    () => availableEngines({ ...installed, TIDEGATE_ENGINES: 'opera' }),
    /TIDEGATE_ENGINES: there is no engine "opera"/,
  );
});
