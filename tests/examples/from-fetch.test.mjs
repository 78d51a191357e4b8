import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { exampleModule } from './example.mjs';

test('the example of fromFetch gives the checksum of a file whose connection broke', async () => {
  const content = Buffer.from('ebb and flow\n'.repeat(200_000));
  const zipped = gzipSync(content, { level: 1 });
  let requests = 0;
  const server = createServer((request, response) => {
    const from = Number(/\d+/.exec(request.headers.range ?? '0')[0]);
    requests += 1;
    response.writeHead(from ? 206 : 200, {
      etag: '"1"',
      'content-length': zipped.length - from,
      ...(from ? { 'content-range': `bytes ${from}-${zipped.length - 1}/${zipped.length}` } : {}),
    });
    if (requests === 1) response.write(zipped.subarray(0, 1000), () => setTimeout(() => response.destroy(), 5));
    else response.end(zipped.subarray(from));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { checksum } = await exampleModule('from-fetch');
    const found = await checksum(`http://127.0.0.1:${server.address().port}/file.gz`);
    assert.deepEqual(found, { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
    assert.equal(requests, 2);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
