/** toDownload() for real: the browser writes the file to its folder for downloads, and what lies there is compared. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';
import { classicScript } from './classic-script.mjs';
import { downloadSettings } from './download-settings.mjs';

const MB = 1 << 20;

function expectedHash(count) {
  const hash = createHash('sha256');
  for (let n = 0; n < count; n += 1) hash.update(new Uint8Array(MB).fill(n + 1));
  return hash.digest('hex');
}

async function hashOf(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

for (const engine of availableEngines()) {
  test(
    `in ${engine}`,
    { skip: downloadSettings[engine] ? false : 'its test browser asks where each download goes' },
    async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'tidegate-downloads-'));
      const profile = await mkdtemp(join(tmpdir(), 'tidegate-profile-'));
      const server = await serve(
        join(root, 'tests/e2e/download'),
        {
          '/disk'(request, response) {
            const file = join(folder, basename(new URL(request.url, 'http://localhost').searchParams.get('name')));
            // A file that is being written has a second one beside it in Firefox, and another name in Chromium.
            const size = existsSync(file) && !existsSync(`${file}.part`) ? statSync(file).size : -1;
            response.end(JSON.stringify({ size }));
          },
          async '/worker.classic.js'(request, response) {
            response
              .writeHead(200, { 'content-type': 'text/javascript' })
              .end(await classicScript('tests/e2e/download/worker.js'));
          },
        },
        async (request, response) => {
          const body = await readFile(join(root, new URL(request.url, 'http://localhost').pathname)).catch(
            () => undefined,
          );
          response.writeHead(body ? 200 : 404, { 'content-type': 'text/javascript' }).end(body);
        },
      );
      try {
        const { seen, unhandled } = await runPage(engine, `${server.url}?ways=service-worker,opfs,blob`, {
          timeout: 120_000,
          ...downloadSettings[engine](folder, profile),
        });
        assert.equal(seen.error, undefined);
        for (const [way, count] of [
          ['service-worker', 200],
          ['opfs', 20],
          ['blob', 20],
        ]) {
          await t.test(`by ${way} the whole file is on the disk`, async () => {
            assert.deepEqual(seen[way], { via: way, size: count * MB });
            assert.equal(await hashOf(join(folder, `${way}.bin`)), expectedHash(count));
          });
        }
        await t.test('a pipeline that fails leaves no file that seems whole', () => {
          assert.equal(seen.broken.error, 'broken');
          assert.ok(seen.broken.file.size < 3 * MB, `there is a file of ${seen.broken.file.size} bytes`);
        });
        await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
      } finally {
        await server.close();
        await rm(folder, { recursive: true, force: true });
        await rm(profile, { recursive: true, force: true });
      }
    },
  );
}
