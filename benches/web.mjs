#!/usr/bin/env node
/**
 * The crate's web handles against wasm-streams, in a page that nobody is attached to: `node benches/web.mjs [ENGINE…]`.
 * Prints the least time of ten turns, and theirs divided by ours.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { availableEngines, engineVersion, runPage } from '../tools/browsers/index.mjs';
import { buildUserModule } from '../tools/build/user-module.mjs';
import { runMain, say } from '../tools/steps.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

async function serve(files) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = files[pathname];
    if (file === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] }).end(await readFile(file));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

runMain(async () => {
  const files = { '/': join(here, 'web/index.html'), '/page.js': join(here, 'web/page.js') };
  for (const crate of ['ours', 'theirs']) {
    const options = { root: join(here, '..'), folder: 'benches/web', name: 'tidegate_web_bench', release: true };
    const { glue, wasm } = await buildUserModule({ ...options, features: [crate] });
    Object.assign(files, { [`/${crate}_bg.js`]: glue, [`/${crate}_bg.wasm`]: wasm });
  }
  const server = await serve(files);
  try {
    const asked = process.argv.slice(2);
    for (const engine of asked.length ? asked : availableEngines().filter((name) => name !== 'webkit')) {
      say(`${engine} ${await engineVersion(engine)}`);
      const url = `http://127.0.0.1:${server.address().port}/`;
      const results = await runPage(engine, url, { timeout: 600_000 });
      for (const [name, { ours, theirs }] of Object.entries(results)) {
        const ratio =
          theirs === undefined ? '' : `theirs ${theirs.toFixed(1).padStart(8)} ms  ratio ${(theirs / ours).toFixed(2)}`;
        say(`  ${name.padEnd(42)} ours ${ours.toFixed(1).padStart(8)} ms  ${ratio}`);
      }
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
