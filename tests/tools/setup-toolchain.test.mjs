import assert from 'node:assert/strict';
import test from 'node:test';
import { ensureToolchain, findToolchain, newestLinker } from '../../tools/setup/toolchain.mjs';
import { FakeHost } from './fake-host.mjs';

const LIBDIR = '/rust/lib/rustlib/wasm32-unknown-unknown/lib';
const ok = (output = '') => ({ code: 0, output });
const RUST = { 'cargo --version': 0, 'rustc --print target-libdir': ok(`${LIBDIR}\n`) };
const INSTALLED_TARGET = { [LIBDIR]: ['libcore-0123.rlib'] };
const DEBIAN_PROGRAMS = { '/usr/bin/rustc --print sysroot': ok('/usr\n') };
const DEBIAN_FILES = {
  '/usr/bin/rustc': true,
  '/usr/bin/cargo': true,
  '/usr/lib/rustlib/src/rust/library/Cargo.lock': true,
  '/usr/bin': ['wasm-ld-19', 'wasm-ld-22', 'ls'],
};
const rootOnDebian = { isRoot: true, isDebian: true };
const APT = { '/usr/bin/apt-get': true };

test('an installed target is used as it is, and nothing is installed', async () => {
  const host = new FakeHost({ programs: RUST, files: { ...INSTALLED_TARGET, ...DEBIAN_FILES } });
  assert.deepEqual(await ensureToolchain(host), { kind: 'target', cargo: 'cargo', args: [], env: {} });
  assert(!host.ran('rustup') && !host.ran('apt-get'));
});

test('a target whose folder is there but empty is not installed', async () => {
  const host = new FakeHost({ programs: RUST, files: { [LIBDIR]: [] } });
  assert.equal(await findToolchain(host), null);
});

test("Debian's compiler with the library's source builds it, without asking rustup first", async () => {
  const host = new FakeHost({ programs: { ...RUST, ...DEBIAN_PROGRAMS, rustup: 0 }, files: DEBIAN_FILES });
  const toolchain = await ensureToolchain(host);
  assert.equal(toolchain.kind, 'build-std');
  assert.equal(toolchain.cargo, '/usr/bin/cargo');
  assert.equal(toolchain.env.RUSTC, '/usr/bin/rustc');
  assert.equal(toolchain.env.CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER, '/usr/bin/wasm-ld-22');
  assert(!host.ran('rustup'));
});

test('the newest numbered linker is taken, and the plain one only when there is no other', () => {
  assert.equal(newestLinker(['wasm-ld', 'wasm-ld-9', 'wasm-ld-22', 'ld']), 'wasm-ld-22');
  assert.equal(newestLinker(['wasm-ld', 'ld']), 'wasm-ld');
  assert.equal(newestLinker(['ld']), undefined);
});

test('rustup adds the target when it can', async () => {
  const host = new FakeHost({
    ...rootOnDebian,
    programs: {
      ...RUST,
      'rustup --version': 0,
      'rustup target add': (self) => void Object.assign(self.files, INSTALLED_TARGET),
    },
    files: { ...APT },
  });
  assert.equal((await ensureToolchain(host)).kind, 'target');
  assert(!host.ran('apt-get'));
});

test('apt installs a compiler on Debian as root when rustup cannot fetch the target', async () => {
  const host = new FakeHost({
    ...rootOnDebian,
    programs: {
      ...RUST,
      ...DEBIAN_PROGRAMS,
      'rustup --version': 0,
      'rustup target add': 1,
      'apt-cache search': ok('lld-16 - linker\nlld-22 - linker\nlld-22-dev - x\n'),
      'apt-get install': (self) => void Object.assign(self.files, DEBIAN_FILES),
    },
    files: { ...APT },
  });
  assert.equal((await ensureToolchain(host)).kind, 'build-std');
  assert(host.calls.some((line) => /^apt-get install .* rustc-web cargo-web rust-web-src lld-22$/.test(line)));
});

test('apt refreshes its lists and tries again when the first attempt fails', async () => {
  let attempts = 0;
  const host = new FakeHost({
    ...rootOnDebian,
    programs: {
      ...RUST,
      ...DEBIAN_PROGRAMS,
      'apt-get update': 0,
      'apt-get install': (self) => (++attempts === 1 ? 100 : void Object.assign(self.files, DEBIAN_FILES)),
    },
    files: { ...APT },
  });
  assert.equal((await ensureToolchain(host)).kind, 'build-std');
  assert(host.ran('apt-get update'));
});

test('a failed apt ends with its output and with what to install', async () => {
  const host = new FakeHost({
    ...rootOnDebian,
    programs: { ...RUST, 'apt-get': { code: 100, output: 'E: Unable to locate package' } },
    files: { ...APT },
  });
  await assert.rejects(ensureToolchain(host), (error) => {
    assert.match(error.tail, /Unable to locate/);
    assert.match(error.advice, /rustup target add wasm32-unknown-unknown/);
    return true;
  });
});

test('an ordinary user without the target is told what to install, and apt is left alone', async () => {
  const host = new FakeHost({ isDebian: true, programs: { ...RUST, rustup: 1 }, files: { ...APT } });
  await assert.rejects(ensureToolchain(host), (error) => {
    assert.match(error.message, /only root may install/);
    assert.match(error.advice, /rustup target add wasm32-unknown-unknown.*rustc-web/s);
    return true;
  });
  assert(!host.ran('apt-get'));
});

test('a machine without cargo is told to install Rust', async () => {
  await assert.rejects(ensureToolchain(new FakeHost()), (error) => {
    assert.match(error.message, /`cargo` is not on the PATH/);
    assert.match(error.advice, /rustup\.rs/);
    return true;
  });
});
