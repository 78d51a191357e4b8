/**
 * What this process has started and must not leave behind: child processes (each the leader of its own process
 * group) and temporary directories. Both are dropped when their owner says so, and otherwise when the process ends.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const children = new Set();
const directories = new Set();
let watching = false;

/**
 * Makes an empty directory under the system's temporary directory; removed at exit at the latest.
 * @param {string} name What it is for; part of the directory's name.
 * @returns {string} Its path.
 */
export function temporaryDirectory(name) {
  watchExit();
  const path = mkdtempSync(join(tmpdir(), `tidegate-${name}-`));
  directories.add(path);
  return path;
}

/** Removes a directory made by `temporaryDirectory`. A dying browser may still write there, hence the retries. */
export function removeDirectory(path) {
  directories.delete(path);
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch {
    // What is left lies in the temporary directory; failing a finished run over it would hide the run's own result.
  }
}

/**
 * Starts a program in a process group of its own, so that ending it ends its helpers too.
 * @param {string} file Path of the executable.
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {import('node:child_process').ChildProcess}
 */
export function spawnOwned(file, args, options = {}) {
  watchExit();
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options, detached: true });
  children.add(child);
  child.diagnostics = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    child.diagnostics = (child.diagnostics + text).slice(-4000);
  });
  child.on('error', (error) => {
    child.diagnostics += String(error);
    children.delete(child);
  });
  return child;
}

/**
 * Ends a process started by `spawnOwned` and its group: asked first, forced after `grace` milliseconds.
 * Resolves when the process itself is gone.
 */
export async function endOwned(child, grace = 2000) {
  if (!children.has(child)) return;
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    signalGroup(child, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), grace);
    await gone;
    clearTimeout(timer);
  }
  // The leader is gone; helpers that outlived it still carry its group id.
  signalGroup(child, 'SIGKILL');
  children.delete(child);
}

function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function dropAll() {
  for (const child of children) signalGroup(child, 'SIGKILL');
  children.clear();
  for (const path of [...directories]) removeDirectory(path);
}

function watchExit() {
  if (watching) return;
  watching = true;
  process.on('exit', dropAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
