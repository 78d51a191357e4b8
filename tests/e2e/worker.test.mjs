/** Codecs in workers of a page, under a policy with worker-src 'self', in each browser. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const text = Array.from({ length: 60_000 }, (_, row) => `${row},"city ""${row % 7}"", Zürich"\n`).join('');
const packed = gzipSync(text);
const page =
  '<!doctype html><meta charset="utf-8"><title>Workers</title><script type="module" src="/tests/e2e/worker/page.js"></script>';
const under = (policy) => (request, response) =>
  response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy }).end(page);
const POLICY = "default-src 'none'; connect-src *; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
/** The worker's own policy, for the page that looks what happens where it refuses WebAssembly. */
let policyOfWorker = POLICY;

const routes = {
  '/self': under(POLICY),
  '/none': under(POLICY.replace("worker-src 'self'", "worker-src 'none'")),
  '/no-wasm': under(POLICY),
  '/rows.csv.gz': (request, response) => response.end(packed),
  '/cut.csv.gz': (request, response) => response.end(packed.subarray(0, packed.length / 2)),
  '/dist/codec-worker.js': (request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/javascript', 'content-security-policy': policyOfWorker })
      .end(readFileSync(join(root, 'dist/codec-worker.js'))),
};

for (const engine of availableEngines()) {
  test(`codecs in workers in ${engine}`, async (t) => {
    const server = await serve(root, routes);
    try {
      policyOfWorker = POLICY;
      const seen = await runPage(engine, `${server.url}self`, { timeout: 120_000 });
      assert.equal(seen.error, undefined);
      await t.test('give and fail with what they do in the page', () => {
        assert.deepEqual(seen.there, seen.here);
        assert.equal(seen.there.rows, 60_000);
        assert.equal(seen.there.hex, createHash('sha256').update(text).digest('hex'));
        assert.deepEqual(seen.there.values, [[1], { a: 'ü🌊' }]);
        assert.deepEqual(seen.there.items, [
          { key: 0, value: [1] },
          { key: 1, value: { a: 'ü🌊' } },
        ]);
        assert.equal(seen.there.truncated.code, 'truncated');
        assert.equal(seen.there.ragged.code, 'ragged-row');
      });
      await t.test('end when the signal aborts', () => assert.equal(seen.aborted.message, 'no more'));
      await t.test('fail when the worker is terminated, at any moment', () => {
        assert.equal(seen.terminated.length, 16);
        for (const { code, message } of seen.terminated) assert.equal(code, 'worker-lost', message);
      });
      await t.test('run in a worker that is a classic script', () => assert.deepEqual(seen.classic, ['a', 'b']));
      await t.test('run for a page that has the package as a classic script', () =>
        assert.deepEqual(seen.classicGlobal, ['a', 'b']),
      );
      await t.test('fail where the file is not there, or of another origin, and say what to do', () => {
        for (const { code, message } of [seen.missing, seen.foreign]) {
          assert.equal(code, 'worker-lost', message);
          assert.match(
            message,
            /^lines: its worker did not start .*codec-worker\.js.*worker-src 'self'.*workerFactory/,
          );
        }
      });
      await t.test('finish beside a longer one in the same worker', () => assert.deepEqual(seen.short, ['a', 'b']));
      await t.test('name the directive where a policy refuses workers', async () => {
        const { refused } = await runPage(engine, `${server.url}none`);
        assert.equal(refused.code, 'worker-lost', refused.message);
        assert.match(refused.message, /worker-src 'self'/);
      });
      await t.test("name the directive where the worker's policy refuses WebAssembly", async () => {
        policyOfWorker = "script-src 'self'";
        const { refused } = await runPage(engine, `${server.url}no-wasm`);
        assert.match(refused.message, /'wasm-unsafe-eval'/);
      });
    } finally {
      await server.close();
    }
  });
}
