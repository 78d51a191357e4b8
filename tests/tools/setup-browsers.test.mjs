import assert from 'node:assert/strict';
import test from 'node:test';
import { ensureBrowsers } from '../../tools/setup/browsers.mjs';
import { FakeHost } from './fake-host.mjs';

const ALL = ['chromium', 'firefox', 'webkit'];
const APT = { '/usr/bin/apt-get': true };

test('installed browsers are used, and nothing is installed', async () => {
  const host = new FakeHost({ isRoot: true, isDebian: true, files: APT });
  assert.deepEqual(await ensureBrowsers(host, () => ALL), ALL);
  assert.deepEqual(host.calls, []);
});

test('only what is missing is installed, on Debian as root', async () => {
  let available = ['chromium'];
  const host = new FakeHost({
    isRoot: true,
    isDebian: true,
    files: APT,
    programs: { 'apt-get install': () => void (available = ALL) },
  });
  assert.deepEqual(await ensureBrowsers(host, () => available), ALL);
  assert.match(host.calls[0], / firefox-esr webkit2gtk-driver xvfb/);
  assert.doesNotMatch(host.calls[0], / chromium/);
});

test('without Chromium and without a way to install it, one message names all that is missing', async () => {
  const host = new FakeHost({ isDebian: true, files: APT });
  await assert.rejects(
    ensureBrowsers(host, () => ['firefox']),
    (error) => {
      assert.match(error.message, /Chromium was not found/);
      assert.match(
        error.advice,
        /TIDEGATE_CHROMIUM.*WebKitWebDriver.*apt-get install --no-install-recommends chromium webkit2gtk-driver/s,
      );
      return true;
    },
  );
  assert.deepEqual(host.calls, []);
});

test('without Firefox or WebKit the tests in them are said not to run', async () => {
  const host = new FakeHost({ platform: 'darwin' });
  assert.deepEqual(await ensureBrowsers(host, () => ['chromium']), ['chromium']);
  assert.match(host.said.join(), /will not run: firefox, webkit/);
});

test('an apt that fails ends with what to install', async () => {
  const host = new FakeHost({
    isRoot: true,
    isDebian: true,
    files: APT,
    programs: { 'apt-get': { code: 100, output: 'E: no network' } },
  });
  await assert.rejects(
    ensureBrowsers(host, () => []),
    (error) => {
      assert.match(error.tail, /no network/);
      assert.match(error.advice, /apt-get install --no-install-recommends chromium firefox-esr/);
      return true;
    },
  );
});

test('an apt that cannot install another browser than Chromium does not stop the tests', async () => {
  const host = new FakeHost({ isRoot: true, isDebian: true, files: APT, programs: { 'apt-get': 100 } });
  assert.deepEqual(await ensureBrowsers(host, () => ['chromium', 'firefox']), ['chromium', 'firefox']);
  assert.match(host.said.join(), /will not run: webkit/);
});
