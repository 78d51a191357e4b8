#!/usr/bin/env node
/**
 * Moves a gigabyte through each adapter of the Rust handles and prints by how many pages of 64 KiB the module's memory grew:
 * `node tests/e2e/rust-web/volume.mjs [MEGABYTES] [ENGINE…]`. Beside `npm test`, which moves 48 MB (`test_memory_is_flat`).
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { availableEngines, runPage } from '../../../tools/browsers/index.mjs';
import { buildUserModule } from '../../../tools/build/user-module.mjs';
import { runMain, say } from '../../../tools/steps.mjs';
import { serve } from './server.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

runMain(async () => {
  const [megabytes = '1024', ...asked] = process.argv.slice(2);
  const folder = 'tests/e2e/rust-web/crate';
  const module = await buildUserModule({ root, folder, name: 'tidegate_web_tests', release: true });
  for (const engine of asked.length ? asked : availableEngines()) {
    const server = await serve(module);
    try {
      const url = `${server.url}?megabytes=${megabytes}`;
      const { pages, seconds } = await runPage(engine, url, { timeout: 900_000 });
      say(`${engine}: ${megabytes} MB through each of four adapters in ${seconds.toFixed(1)} s, ${pages} pages more`);
      if (pages > 16) process.exitCode = 1;
    } finally {
      await server.close();
    }
  }
});
