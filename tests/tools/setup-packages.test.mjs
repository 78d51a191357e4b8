import assert from 'node:assert/strict';
import test from 'node:test';
import { ensurePackages, packagesAreCurrent } from '../../tools/setup/packages.mjs';
import { FakeHost } from './fake-host.mjs';

const lock = {
  packages: {
    '': { name: 'tidegate' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-o', optional: true },
  },
};
const installed = (version) => ({ packages: { 'node_modules/a': { version, integrity: 'sha512-a' } } });
const files = (contents) => (path) => contents[path];

test("installed packages of the lock file's versions are current, without those of other platforms", () => {
  assert.equal(packagesAreCurrent(lock, installed('1.0.0')), true);
});

test('packages are not current when none, or another version, is installed', () => {
  assert.equal(packagesAreCurrent(lock, undefined), false);
  assert.equal(packagesAreCurrent(lock, { packages: {} }), false);
  assert.equal(packagesAreCurrent(lock, installed('0.9.0')), false);
});

test('npm ci runs only when it is needed', async () => {
  const host = new FakeHost({ programs: { 'npm ci': 0 } });
  const current = { 'package-lock.json': lock, 'node_modules/.package-lock.json': installed('1.0.0') };
  assert.equal(await ensurePackages(host, files(current)), false);
  assert.deepEqual(host.calls, []);
  assert.equal(await ensurePackages(host, files({ 'package-lock.json': lock })), true);
  assert.equal(host.calls.length, 1);
});

test('a failed npm ci ends with its output and with what to do', async () => {
  const host = new FakeHost({ programs: { 'npm ci': { code: 1, output: 'npm error ENOTFOUND' } } });
  await assert.rejects(ensurePackages(host, files({ 'package-lock.json': lock })), (error) => {
    assert.match(error.tail, /ENOTFOUND/);
    assert.match(error.advice, /registry/);
    return true;
  });
});
