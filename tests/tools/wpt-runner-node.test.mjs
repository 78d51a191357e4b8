import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runInNode } from '../../tools/wpt/run-node.mjs';
import { listTests } from '../../tools/wpt/suites.mjs';

/** As much of the harness as the runner relies on: results of synchronous tests, told when all scripts have run. */
const harness = `
  const tests = [];
  let eachDone = () => {}, allDone = () => {};
  self.test = (body, name) => {
    const entry = { name, status: 0, message: null };
    try { body(); } catch (error) { entry.status = 1; entry.message = error.message; }
    tests.push(entry);
    eachDone(entry);
  };
  self.hang = () => {};
  self.add_result_callback = (callback) => { eachDone = callback; };
  self.add_completion_callback = (callback) => { allDone = callback; };
  self.done = () => allDone(tests, { status: 0, message: null });
  self.timeout = () => allDone(tests, { status: 2, message: null });
`;

let root;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidegate-test-'));
  for (const [path, text] of Object.entries({
    'resources/testharness.js': harness,
    'streams/resources/helper.js': 'self.helped = true;',
    'streams/a.any.js':
      '// META: script=resources/helper.js\ntest(() => { if (!helped) throw new Error("no helper"); }, "helped"); self.leaked = 1; done();',
    'streams/b.any.js':
      'test(() => { if ("leaked" in self) throw new Error("leaked"); }, "alone"); test(() => { throw new Error("so it is"); }, "fails"); done();',
    'streams/c.any.js': '// META: variant=?one\n// META: variant=?two\ntest(() => {}, location.search); done();',
    'streams/d.any.js': 'test(() => {}, "before"); throw new Error("stop");',
    'streams/e.any.js': 'test(() => {}, installed); done();',
    'streams/f.any.js': '// META: global=worker\ntest(() => {}, "not here"); done();',
    'streams/transferable/g.any.js': 'test(() => {}, "another suite"); done();',
  })) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
});
after(() => rm(root, { recursive: true, force: true }));

async function run(filter) {
  return runInNode(await listTests(root, 'streams', filter), { root, script: 'self.installed = "yes";' });
}

test('a suite lists the window tests of its directory, once for each variant', async () => {
  assert.deepEqual(
    (await listTests(root, 'streams')).map(({ id }) => id),
    [
      'streams/a.any.js',
      'streams/b.any.js',
      'streams/c.any.js?one',
      'streams/c.any.js?two',
      'streams/d.any.js',
      'streams/e.any.js',
    ],
  );
});

test('scripts named by META run before the test', async () => {
  assert.deepEqual(
    (await run('a.any')).map(({ subtests }) => subtests),
    [[{ name: 'helped', status: 'PASS', message: '' }]],
  );
});

test('what one file leaves on the global object the next does not see', async () => {
  const [, second] = await run('streams/*.any.js');
  assert.deepEqual(
    second.subtests.map(({ name, status }) => `${name} ${status}`),
    ['alone PASS', 'fails FAIL'],
  );
});

test('a failed subtest carries its message', async () => {
  const [{ subtests }] = await run('b.any');
  assert.equal(subtests[1].message, 'so it is');
});

test('a variant is what the test finds in location.search', async () => {
  assert.deepEqual(
    (await run('c.any')).map(({ subtests }) => subtests[0].name),
    ['?one', '?two'],
  );
});

test('a script that throws makes the file an error and keeps what ran before', async () => {
  const [result] = await run('d.any');
  assert.equal(result.status, 'ERROR');
  assert.match(result.message, /stop/);
  assert.deepEqual(
    result.subtests.map(({ name }) => name),
    ['before'],
  );
});

test('the implementation is installed before the harness', async () => {
  assert.equal((await run('e.any'))[0].subtests[0].name, 'yes');
});
