/** The job in Node, by itself and as the command. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { computeSummary, CsvGenerator } from '../../tools/lab/generator.mjs';
import { startLabServer } from '../../tools/lab/server.mjs';
import { Job, runJob } from '../../www/job.js';

let lab;
before(async () => {
  lab = await startLabServer();
});
after(() => lab.close());

const sourceOf = (name, gzip) => ({ url: `${lab.url}/data/${name}`, gzip });

test('the job arrives at the server’s row count, totals and SHA-256', async () => {
  const { rows, totals, sha256, complete } = await runJob({ source: sourceOf('8MB.csv.gz', true) });
  const server = await computeSummary(8e6);
  assert.deepEqual(
    { rows, totals, sha256, complete },
    { rows: server.rows, totals: server.totals, sha256: server.sha256, complete: true },
  );
});

test('jobs side by side and one after another do not get in each other’s way', { timeout: 60_000 }, async () => {
  const { sha256 } = await computeSummary(1e6);
  for (let turn = 0; turn < 3; turn++) {
    const results = await Promise.all(
      Array.from({ length: 5 }, () => runJob({ source: sourceOf('1MB.csv.gz', true) })),
    );
    assert.deepEqual(
      results.map((result) => result.sha256),
      Array(5).fill(sha256),
    );
  }
});

for (const name of ['1MB.csv', '1MB.csv.gz']) {
  test(`a URL whose content nobody has named is told by its first bytes: ${name}`, async () => {
    const { sha256 } = await runJob({ source: sourceOf(name) });
    assert.equal(sha256, (await computeSummary(1e6)).sha256);
  });
}

test('a URL whose answer begins with a single byte is told by its first two', async () => {
  const generator = new CsvGenerator(1e5);
  const bytes = gzipSync(Buffer.concat([...generator]));
  const server = createServer(async (_request, response) => {
    response.write(bytes.subarray(0, 1));
    await sleep(50);
    response.end(bytes.subarray(1));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { sha256 } = await runJob({ source: { url: `http://127.0.0.1:${server.address().port}/` } });
    assert.equal(sha256, generator.summary().sha256);
  } finally {
    server.close();
  }
});

for (const [what, wrap] of [
  ['plain', (bytes) => bytes],
  ['gzip', gzipSync],
]) {
  test(`a file that is ${what} is told by its first bytes`, async () => {
    const generator = new CsvGenerator(1e6);
    const blob = new Blob([wrap(Buffer.concat([...generator]))]);
    const { rows, sha256, bytes } = await runJob({ source: { blob } });
    assert.deepEqual([rows, sha256, bytes], [generator.summary().rows, generator.summary().sha256, blob.size]);
  });
}

test('a running job tells what it has read and what its stages hold, within bounds', { timeout: 30_000 }, async () => {
  const aborter = new AbortController();
  const job = new Job({ source: sourceOf('1GB.csv.gz', true), signal: aborter.signal });
  while (job.state().rows < 100_000) await sleep(10);
  job.pace.hold();
  await sleep(300);
  const { bytesIn, bytesOut, share, stages, held, most } = job.state();
  assert.ok(bytesIn > 0 && bytesOut > bytesIn && share > 0 && share < 0.5);
  assert.deepEqual(
    stages.map(({ name }) => name),
    ['fetch', 'gunzip', 'SHA-256', 'CSV', 'totals'],
  );
  assert.ok(
    stages.some(({ held }) => held > 0),
    'something waits for the consumer',
  );
  assert.equal(
    held,
    stages.slice(0, -1).reduce((sum, stage) => sum + stage.held, 0),
  );
  assert.ok(held <= most && most < 2e6, `${held} bytes are held, ${most} at most`);
  while (job.state().slowest?.stage !== stages.length - 1) await sleep(50);
  aborter.abort();
  await assert.rejects(job.result, { name: 'AbortError' });
});

test(
  'a server that goes away in the middle fails the job, and no total is passed off as whole',
  { timeout: 30_000 },
  async () => {
    const other = await startLabServer();
    try {
      const job = new Job({ source: { url: `${other.url}/data/1GB.csv.gz`, gzip: true } });
      while (job.state().rows === 0) await sleep(10);
      await Promise.all([assert.rejects(job.result, { name: 'TypeError' }), other.close()]);
    } finally {
      await other.close();
    }
  },
);

test('a stage that cannot be broken is refused by name', async () => {
  const job = new Job({ source: sourceOf('1MB.csv.gz', true) });
  assert.throws(() => job.fail('fetch'), /no stage "fetch"/);
  await job.result;
});

/** Runs `npm run job` without npm; resolves with its exit code and output. */
async function command(...args) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../tools/lab/job.mjs', import.meta.url)), ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}

test('the command starts a server of its own and ends with 0 when all agrees', { timeout: 60_000 }, async () => {
  const { code, output } = await command('--size', '4MB');
  const { sha256, rows } = await computeSummary(4e6);
  assert.ok(output.includes(sha256), output);
  assert.ok(output.includes(rows.toLocaleString('en-US')), output);
  assert.match(output, /Everything is as the server says/);
  assert.equal(code, 0);
});

test('the command takes the address of a server that runs already', { timeout: 60_000 }, async () => {
  const { code } = await command('--size', '2500KB', '--url', lab.url);
  assert.equal(code, 0);
  assert.ok(lab.connections.list().some(({ path, state }) => path === '/data/2500000.csv.gz' && state === 'complete'));
});

test('the command ends with 1 and the reason when it cannot do what it was asked', { timeout: 60_000 }, async () => {
  for (const [args, said] of [
    [['--size', 'much'], /"much" is not a size/],
    [['--size', '20GB'], /answered 400/],
    [['--speed', '9'], /--speed/],
  ]) {
    const { code, output } = await command(...args);
    assert.equal(code, 1, output);
    assert.match(output, said);
  }
});
