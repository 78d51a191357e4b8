#!/usr/bin/env node
/**
 * Makes a fresh clone ready: npm packages, a Rust toolchain for WebAssembly and, with `--browsers` and `--servers`, the browsers and the servers
 * of the tests.
 * Depends on Node alone. What is already there is left as it is.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBrowsers } from './setup/browsers.mjs';
import { Host } from './setup/host.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { ensureServers } from './setup/servers.mjs';
import { ensureToolchain } from './setup/toolchain.mjs';
import { isProgram, runMain, StepError } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const OLDEST_NODE = 20;

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function setup({ browsers = false, servers = false } = {}) {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new StepError('Check Node', {
      reason: `this is Node ${process.versions.node}`,
      advice: `Install Node ${OLDEST_NODE} or later (https://nodejs.org).`,
    });
  }
  process.chdir(root);
  const host = new Host();
  await ensurePackages(host, readJson);
  await ensureToolchain(host);
  if (browsers) {
    const { availableEngines } = await import('./browsers/executables.mjs');
    await ensureBrowsers(host, availableEngines);
  }
  if (servers) await ensureServers(host);
}

if (isProgram(import.meta.url)) {
  runMain(() => setup({ browsers: process.argv.includes('--browsers'), servers: process.argv.includes('--servers') }));
}
