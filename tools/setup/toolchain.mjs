/**
 * Finds or installs a Rust toolchain that compiles for wasm32-unknown-unknown.
 *
 * `host` is the machine as this module sees it (see host.mjs), so that the decisions can be tested without one.
 */
import { StepError } from '../steps.mjs';
import { aptInstall, canApt } from './apt.mjs';

export const TARGET = 'wasm32-unknown-unknown';
const DEBIAN_PACKAGES = ['rustc-web', 'cargo-web', 'rust-web-src'];
const RUSTUP_TIMEOUT_MS = 180_000;

const INSTALL_ADVICE =
  'Install the Rust target for WebAssembly: `rustup target add wasm32-unknown-unknown` (rustup: https://rustup.rs), ' +
  `or on Debian as root \`apt-get install --no-install-recommends ${DEBIAN_PACKAGES.join(' ')} lld-22\`. ` +
  'Then run the command again.';

/**
 * How to call cargo for the Wasm modules: `{ kind, cargo, args, env }`, or null when no installed toolchain can.
 * `kind` is 'target' (the target's own standard library is installed) or 'build-std' (it is built from source).
 */
export async function findToolchain(host) {
  return (await findTarget(host)) ?? (await findBuildStd(host));
}

async function findTarget(host) {
  const { code, output } = await host.run('rustc', ['--print', 'target-libdir', '--target', TARGET]);
  if (code !== 0) return null;
  const dir = output.trim().split('\n').pop();
  if (!host.list(dir).some((name) => /^libcore-.*\.rlib$/.test(name))) return null;
  return { kind: 'target', cargo: 'cargo', args: [], env: {} };
}

/** Debian's rustc-web cannot be told to use another linker by its name alone, hence the version in `wasm-ld-22`. */
async function findBuildStd(host) {
  const rustc = '/usr/bin/rustc';
  if (!host.exists(rustc) || !host.exists('/usr/bin/cargo')) return null;
  const { code, output } = await host.run(rustc, ['--print', 'sysroot']);
  if (code !== 0) return null;
  if (!host.exists(`${output.trim()}/lib/rustlib/src/rust/library/Cargo.lock`)) return null;
  const linker = newestLinker(host.list('/usr/bin'));
  if (!linker) return null;
  return {
    kind: 'build-std',
    cargo: '/usr/bin/cargo',
    args: ['-Zbuild-std=std,panic_abort'],
    env: {
      RUSTC: rustc,
      RUSTC_BOOTSTRAP: '1',
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: `/usr/bin/${linker}`,
    },
  };
}

export function newestLinker(names) {
  const version = (name) => Number(/^wasm-ld-(\d+)$/.exec(name)?.[1] ?? -1);
  const best = names.filter((name) => version(name) >= 0).sort((a, b) => version(b) - version(a))[0];
  return best ?? (names.includes('wasm-ld') ? 'wasm-ld' : undefined);
}

/** As `findToolchain`, but installs what is missing where it may; throws a StepError that says what to install. */
export async function ensureToolchain(host) {
  await requireCargo(host);
  const found = await findToolchain(host);
  if (found) return found;
  return (await viaRustup(host)) ?? (await viaApt(host)) ?? giveUp(host);
}

async function requireCargo(host) {
  const { code } = await host.run('cargo', ['--version']);
  if (code === 0) return;
  throw new StepError('Find a Rust toolchain', {
    reason: '`cargo` is not on the PATH',
    advice: "Install Rust (https://rustup.rs, or your system's packages) and run the command again.",
  });
}

async function viaRustup(host) {
  if ((await host.run('rustup', ['--version'])).code !== 0) return null;
  const added = await host.attempt(`Add the Rust target ${TARGET}`, 'rustup', ['target', 'add', TARGET], {
    timeoutMs: RUSTUP_TIMEOUT_MS,
  });
  if (!added) host.say('  rustup could not fetch it; looking for another way');
  return added ? findTarget(host) : null;
}

async function viaApt(host) {
  if (!canApt(host)) return null;
  const lld = await newestDebianLld(host);
  await aptInstall(
    host,
    'a Rust compiler with the source of its standard library',
    [...DEBIAN_PACKAGES, lld],
    INSTALL_ADVICE,
  );
  return findBuildStd(host);
}

/** The newest `lld-N` the package lists know; 22 when they are not there yet. */
async function newestDebianLld(host) {
  const { code, output } = await host.run('apt-cache', ['search', '--names-only', '^lld-[0-9]+$']);
  const versions = code === 0 ? [...output.matchAll(/^lld-(\d+)\b/gm)].map((match) => Number(match[1])) : [];
  return `lld-${versions.length ? Math.max(...versions) : 22}`;
}

function giveUp(host) {
  throw new StepError('Find a Rust toolchain for WebAssembly', {
    reason: `no installed rustc compiles for ${TARGET}${host.isRoot ? '' : ', and only root may install packages'}`,
    advice: INSTALL_ADVICE,
  });
}
