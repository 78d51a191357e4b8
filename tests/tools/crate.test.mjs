/** The crate as a dependency of another program, which must get nothing from it that it did not ask for. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Host } from '../../tools/setup/host.mjs';
import { ensureToolchain, TARGET } from '../../tools/setup/toolchain.mjs';
import { run } from '../../tools/steps.mjs';
import { root } from './documents.mjs';

/** A user's module: an allocator of its own, and functions with names that the npm package's modules export too. */
const PROGRAM = `
use std::alloc::{GlobalAlloc, Layout, System};
use tidegate::channel::{QueuingStrategy, channel};
use tidegate::codec::{Chain, Lines, LinesOptions};
use tidegate::core::{Core, effect::readable};

struct Mine;

unsafe impl GlobalAlloc for Mine {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static MINE: Mine = Mine;

#[unsafe(no_mangle)]
pub extern "C" fn live() -> u32 {
    let mut core = Core::new();
    let id = core.readable_new(1.0, 0);
    assert_eq!(core.readable_started(id), readable::CALL_PULL);
    core.live()
}

#[unsafe(no_mangle)]
pub extern "C" fn start() -> u32 {
    let mut chain = Chain::new(vec![Box::new(Lines::new(LinesOptions::default().max_bytes(1024)))]);
    chain.input(4)[..4].copy_from_slice(b"a\\nb\\n");
    chain.commit(4);
    chain.end_input();
    chain.run().unwrap();
    let (sender, mut receiver) = channel(QueuingStrategy::count(1));
    sender.try_send(chain.batch().ends.len() as u32).unwrap();
    receiver.try_recv().unwrap()
}
`;

let folder;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-user-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs cargo without the flags of the caller's environment. */
async function cargo(program, args, options) {
  const env = { CARGO_INCREMENTAL: '0', CARGO_ENCODED_RUSTFLAGS: '', ...options.env };
  const { code, output } = await run(program, args, { ...options, env: { ...process.env, ...env } });
  assert.equal(code, 0, output.slice(-3000));
}

async function buildUserModule(features) {
  const toolchain = await ensureToolchain(new Host());
  const home = join(folder, features.join('-'));
  mkdirSync(join(home, 'src'), { recursive: true });
  writeFileSync(
    join(home, 'Cargo.toml'),
    `[package]\nname = "user"\nversion = "0.0.0"\nedition = "2024"\n\n[lib]\ncrate-type = ["cdylib"]\n\n[dependencies]\n` +
      `tidegate = { path = ${JSON.stringify(root)}, default-features = false, features = ${JSON.stringify(features)} }\n\n[workspace]\n`,
  );
  cpSync(join(root, 'Cargo.lock'), join(home, 'Cargo.lock'));
  const source = !features.includes('codecs')
    ? PROGRAM.replace(/use tidegate::c(odec|hannel).*\n/g, '').replace(
        /\n#\[unsafe\(no_mangle\)\]\npub extern "C" fn start[^]*/,
        '',
      )
    : PROGRAM;
  writeFileSync(join(home, 'src/lib.rs'), source);
  const target = join(home, 'target');
  await cargo(toolchain.cargo, ['build', '--target', TARGET, '--target-dir', target, ...toolchain.args], {
    cwd: home,
    env: toolchain.env,
  });
  return new WebAssembly.Module(readFileSync(join(target, TARGET, 'debug/user.wasm')));
}

/** What the linker exports from every module. */
const OF_THE_LINKER = ['memory', '__data_end', '__heap_base'];

for (const [features, names] of [
  [
    ['core', 'std', 'codecs'],
    ['live', 'start'],
  ],
  [['core'], ['live']],
]) {
  test(`a Wasm module that depends on the crate with the features ${features} exports and imports what is its own`, async () => {
    const module = await buildUserModule(features);
    const exports = WebAssembly.Module.exports(module).map(({ name }) => name);
    assert.deepEqual(exports.filter((name) => !OF_THE_LINKER.includes(name)).sort(), names);
    assert.deepEqual(WebAssembly.Module.imports(module), []);
    const instance = new WebAssembly.Instance(module);
    assert.equal(instance.exports.live(), 1);
    if (names.includes('start')) assert.equal(instance.exports.start(), 2);
  });
}

test('the crate with default features has no static that changes, and no function with a name of its own', async () => {
  // What `cargo test` has compiled of the dependencies is not compiled again.
  const target = join(root, 'target');
  const args = ['rustc', '--locked', '--lib', '--crate-type', 'rlib', '--target-dir', target];
  await cargo('cargo', [...args, '--', '--emit=llvm-ir', '-Ccodegen-units=1'], { cwd: root });
  const deps = join(target, 'debug/deps');
  const [file] = readdirSync(deps)
    .filter((name) => /^tidegate-.*\.ll$/.test(name))
    .sort((a, b) => statSync(join(deps, b)).mtimeMs - statSync(join(deps, a)).mtimeMs);
  const lines = readFileSync(join(deps, file), 'utf8').split('\n');
  const functions = lines.filter((line) => line.startsWith('define '));
  assert.ok(functions.length > 100, "the compiler's output was not understood");
  const unmangled = functions.filter((line) => !/@"?(_ZN|_R|anon)/.test(line));
  assert.deepEqual(unmangled, []);
  const statics = lines.filter((line) => /^@.* = (?!external )[^"]*\bglobal\b/.test(line));
  assert.deepEqual(statics, []);
});

test('the generator of the glue has the version of wasm-bindgen that the crate is locked to', () => {
  const locked = /name = "wasm-bindgen"\nversion = "(.*)"/.exec(readFileSync(join(root, 'Cargo.lock'), 'utf8'))[1];
  const generator = readFileSync(join(root, 'tools/bindgen/Cargo.toml'), 'utf8');
  assert.match(generator, new RegExp(`wasm-bindgen-cli-support = "=${locked.replaceAll('.', '\\.')}"`));
});

test('natively the crate depends on neither wasm-bindgen nor an allocator', async () => {
  const args = ['tree', '--locked', '--all-features', '--edges', 'normal', '--prefix', 'none'];
  const { code, output } = await run('cargo', args, { cwd: root });
  assert.equal(code, 0, output);
  assert.match(output, /^futures-sink v/m);
  assert.doesNotMatch(output, /wasm-bindgen|js-sys|web-sys|talc|console_error/); // nor with the feature `web`
});

test('a user may have another version of wasm-bindgen than the one that the crate is locked to', async () => {
  const { code, output } = await run('cargo', ['metadata', '--no-deps', '--locked', '--format-version', '1'], {
    cwd: root,
  });
  assert.equal(code, 0, output);
  const [{ dependencies }] = JSON.parse(output.slice(output.indexOf('{'))).packages;
  const versions = dependencies
    .filter(({ name }) => name === 'wasm-bindgen')
    .map(({ target, req, optional }) => [target, req, optional]);
  assert.deepEqual(versions.sort(), [
    ['cfg(target_arch = "wasm32")', '^0.2.108', true],
    ['cfg(tidegate_npm)', '^0.2', false],
  ]);
});

test('the crate is a Rust library only, so a program that depends on it links nothing else', async () => {
  const { code, output } = await run('cargo', ['metadata', '--no-deps', '--locked', '--format-version', '1'], {
    cwd: root,
  });
  assert.equal(code, 0, output);
  const [{ targets }] = JSON.parse(output.slice(output.indexOf('{'))).packages;
  const library = targets.find(({ name, kind }) => name === 'tidegate' && !kind.includes('example'));
  assert.deepEqual(library.crate_types, ['lib']);
});

test('every sensible set of features compiles without a warning', async () => {
  const sets = ['std', 'codecs', 'core', 'futures-io', 'std,codecs', 'core,codecs', 'futures-io,codecs', 'web'];
  for (const features of sets) {
    const args = ['check', '--locked', '--lib', '--no-default-features', '--features', features];
    await cargo('cargo', [...args, '--target-dir', join(root, 'target')], {
      cwd: root,
      env: { CARGO_ENCODED_RUSTFLAGS: '-Dwarnings' },
    });
  }
});

test('every sensible set of features is documented without a warning', async () => {
  const sets = [
    ['--no-default-features'],
    ['--features', 'core'],
    ['--features', 'futures-io'],
    ['--features', 'core,futures-io'],
    [],
  ];
  for (const features of sets) {
    const args = ['doc', '--locked', '--lib', '--no-deps', ...features, '--target-dir', join(root, 'target')];
    await cargo('cargo', args, { cwd: root, env: { RUSTDOCFLAGS: '-Dwarnings' } });
  }
});

test('the crate depends on no licence, source or second version that deny.toml does not allow', async (t) => {
  const { code: absent } = await run('cargo', ['deny', '--version'], { cwd: root });
  if (absent) return t.skip('did not run: cargo-deny is not installed (cargo install cargo-deny --locked)');
  const args = ['deny', '--locked', 'check', 'bans', 'licenses', 'sources'];
  const { code, output } = await run('cargo', args, { cwd: root });
  assert.equal(code, 0, output);
});

test('the crate compiles with the oldest Rust that it promises, with every feature', async (t) => {
  const [, oldest] = /^rust-version = "(.*)"$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'));
  const { code: absent } = await run('cargo', [`+${oldest}`, '--version'], { cwd: root }).catch(() => ({ code: 1 }));
  if (absent) return t.skip(`Rust ${oldest} is not installed: rustup toolchain install ${oldest}`);
  const args = [`+${oldest}`, 'check', '--locked', '--lib', '--all-features'];
  await cargo('cargo', [...args, '--target-dir', join(root, 'target/oldest-rust')], { cwd: root });
});

test("the crate's package has its sources, its examples and a README of its own, and nothing of the npm package", async () => {
  const { code, output } = await run('cargo', ['package', '--list', '--allow-dirty', '--offline'], { cwd: root });
  assert.equal(code, 0, output);
  const files = output.split('\n');
  for (const file of ['Cargo.lock', 'LICENSE-MIT', 'docs/CRATE.md', 'examples/csv_totals.rs', 'src/pipe/to.rs'])
    assert.ok(files.includes(file), file);
  assert.deepEqual(
    files.filter((file) => /^(js|dist|tools|www|node_modules)\//.test(file)),
    [],
  );
});

test('the crate compiles from its package alone', async () => {
  // What the dependencies need was fetched for the tests before.
  const args = ['package', '--locked', '--allow-dirty', '--offline', '--target-dir', join(root, 'target/package')];
  await cargo('cargo', args, { cwd: root });
});
