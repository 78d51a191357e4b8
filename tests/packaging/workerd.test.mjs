/** The packed tarball in workerd, which compiles no bytes at run time: by the condition `workerd` its Wasm modules are imported. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { npm, pack } from './helpers.mjs';

const WORKERD = '1.20261117.1';
const CSV = `city,amount\n${Array.from({ length: 20_000 }, (_, n) => `${n % 2 ? 'Delft' : 'Veere'},${n}\n`).join('')}`;
const TOTALS = { Delft: 100_000_000, Veere: 99_990_000 };

const job = `
  import { pipeline } from 'tidegate';
  import { csv, gunzip } from 'tidegate/codecs';
  export default {
    async fetch(request) {
      const totals = await pipeline(request, gunzip(), csv({ header: true }), async (rows) => {
        const sums = {};
        for await (const { city, amount } of rows) sums[city] = (sums[city] ?? 0) + Number(amount);
        return sums;
      }).catch((error) => String(error));
      return Response.json(totals);
    },
  };`;

const slim = job
  .replace("'tidegate'", "'tidegate/slim'")
  .replace("{ csv, gunzip } from 'tidegate/codecs'", "{ csv, gunzip, initCodecs } from 'tidegate/slim/codecs'")
  .replace('{ pipeline }', '{ init, pipeline }')
  .replace(
    'export default',
    "import core from 'tidegate/core.wasm'; import inflate from 'tidegate/inflate.wasm'; import csvModule from 'tidegate/csv.wasm'; init(core); initCodecs({ inflate, csv: csvModule }); export default",
  );

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-workerd-'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  const options = ['--prefer-offline', '--no-audit', '--no-fund'];
  await npm(folder, 'install', ...options, await pack(folder), `workerd@${WORKERD}`);
});
after(() => rm(folder, { recursive: true, force: true }));

/** Bundles `code` as Wrangler does, with the Wasm files as modules of their own; resolves with the folder of the files. */
async function bundle(code, conditions) {
  const outdir = await mkdtemp(join(folder, 'out-'));
  await esbuild.build({
    stdin: { contents: code, resolveDir: folder, sourcefile: 'worker.js' },
    outfile: join(outdir, 'worker.js'),
    bundle: true,
    format: 'esm',
    conditions,
    loader: { '.wasm': 'copy' },
  });
  return outdir;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** What the worker in `outdir` answers to the CSV. */
async function answer(outdir) {
  const port = await freePort();
  const files = await readdir(outdir);
  const modules = files
    .sort((a, b) => Number(b === 'worker.js') - Number(a === 'worker.js'))
    .map((name) => `(name = "${name}", ${name.endsWith('.wasm') ? 'wasm' : 'esModule'} = embed "${name}")`);
  await writeFile(
    join(outdir, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .app)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]);
const app :Workerd.Worker = (modules = [${modules.join(', ')}], compatibilityDate = "2025-01-01");\n`,
  );
  const child = spawn(join(folder, 'node_modules/.bin/workerd'), ['serve', join(outdir, 'config.capnp')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  try {
    for (let tries = 0; ; tries++) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: gzipSync(CSV) });
        return await response.json();
      } catch (error) {
        if (tries > 100 || child.exitCode !== null) throw error;
        await wait(100);
      }
    }
  } finally {
    if (child.exitCode === null) {
      process.kill(-child.pid, 'SIGKILL'); // its launcher and itself
      await once(child, 'exit');
    }
  }
}

test('tidegate and its codecs run in workerd as they are', async () => {
  assert.deepEqual(await answer(await bundle(job, ['workerd', 'worker'])), TOTALS);
});

test('without the condition the error says what to do', async () => {
  assert.match(
    await answer(await bundle(job, ['worker'])),
    /^Error: tidegate: this runtime does not let its core run as WebAssembly\..*resolve the package by the condition 'workerd'/,
  );
});

test('tidegate/slim runs in workerd with modules that the worker imports', async () => {
  assert.deepEqual(await answer(await bundle(slim, ['worker'])), TOTALS);
});
