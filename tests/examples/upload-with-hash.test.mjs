/** The upload with a hash in Node, of a file on the disk; tests/e2e/recipes has it in browsers, with parts that fail. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { uploadWithHash } from '../../examples/upload-with-hash.js';

test('a file on the disk is uploaded in parts, and the server gets the digest of what it received', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-upload-'));
  const content = Buffer.from('ebb and flow\n'.repeat(100_000));
  const requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push({ method: request.method, range: request.headers['content-range'], body: Buffer.concat(chunks) });
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    await writeFile(join(folder, 'tides'), content);
    const file = await openAsBlob(join(folder, 'tides'));
    const partSize = 500_000;
    const sha256 = await uploadWithHash(file, `http://127.0.0.1:${server.address().port}/1`, { partSize });
    assert.equal(sha256, createHash('sha256').update(content).digest('hex'));
    const last = requests.pop();
    assert.deepEqual([last.method, JSON.parse(last.body)], ['POST', { size: content.length, sha256 }]);
    assert.deepEqual(
      requests.map(({ method, range }) => `${method} ${range}`),
      ['PUT bytes 0-499999/*', 'PUT bytes 500000-999999/*', 'PUT bytes 1000000-1299999/1300000'],
    );
    assert.ok(Buffer.concat(requests.map(({ body }) => body)).equals(content));
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
