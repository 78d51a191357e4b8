/** pipeline() with Node's streams, told by their shape, at its ends and between. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createGunzip, gzipSync } from 'node:zlib';
import { ReadableStream, TransformStream, WritableStream, pipeline } from 'tidegate';
import { within } from './pipeline-parts.mjs';

const failure = new Error('the first error');
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-node-streams-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const textOf = async (chunks) => {
  let text = '';
  for await (const chunk of chunks) text += Buffer.from(chunk).toString();
  return text;
};

const endless = (cancel) => new ReadableStream({ pull: (c) => c.enqueue(Buffer.alloc(16384)), cancel });

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

describe('files', () => {
  test('are copied from one stream of Node to another', async () => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    await writeFile(from, Buffer.alloc(300_000, 'tide'));
    await pipeline(createReadStream(from), new TransformStream(), createWriteStream(to));
    assert.deepEqual(await readFile(to), Buffer.alloc(300_000, 'tide'));
  });

  test('that do not exist fail the pipeline with the error of the file system', async () => {
    await assert.rejects(pipeline(createReadStream(join(folder, 'missing')), textOf), { code: 'ENOENT' });
    await assert.rejects(pipeline(['x'], createWriteStream(join(folder, 'missing', 'file'))), { code: 'ENOENT' });
  });

  test('are closed when the consumer has had enough', async () => {
    const from = join(folder, 'large');
    await writeFile(from, Buffer.alloc(300_000));
    const file = createReadStream(from);
    await pipeline(file, async (chunks) => void (await chunks.next()));
    assert.equal(file.closed, true);
  });
});

describe('an HTTP server', () => {
  async function serving(handler) {
    const server = createServer(handler);
    const port = await listening(server);
    return {
      url: `http://127.0.0.1:${port}/`,
      async close() {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    };
  }

  test('answers a request with a pipeline from its body', async () => {
    const server = await serving((request, response) => pipeline(request, new TransformStream(), response));
    try {
      const response = await fetch(server.url, { method: 'POST', body: 'ebb and flow' });
      assert.equal(await response.text(), 'ebb and flow');
    } finally {
      await server.close();
    }
  });

  test('has the source cancelled when the client goes away', async () => {
    let cancelled;
    let settle;
    const outcome = new Promise((resolve) => void (settle = resolve));
    const server = await serving((request, response) => {
      const source = endless((reason) => void (cancelled = { reason }));
      pipeline(source, response).then(() => settle('resolved'), settle);
    });
    try {
      const request = get(server.url, (response) => response.once('data', () => response.destroy()));
      request.on('error', () => {});
      const error = await within(1000, outcome);
      assert.match(error.message, /closed before it was ended/);
      assert.equal(cancelled.reason, error);
    } finally {
      await server.close();
    }
  });
});

describe('a child process', () => {
  test('is a source by its standard output', async () => {
    const child = spawn(process.execPath, ['-e', 'for (let n = 0; n < 3; n += 1) console.log(JSON.stringify({ n }))']);
    const lines = (await pipeline(child.stdout, textOf)).trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).n),
      [0, 1, 2],
    );
  });

  test('sees its standard output closed when the consumer has had enough', async () => {
    const child = spawn(process.execPath, [
      '-e',
      "process.stdout.on('error', () => process.exit(7)); setInterval(() => console.log('tick'), 1)",
    ]);
    const exited = once(child, 'exit');
    try {
      await pipeline(child.stdout, async (chunks) => void (await chunks.next()));
      assert.equal((await within(5000, exited))[0], 7);
    } finally {
      child.kill();
    }
  });

  test('may write to its own standard output in one pipeline after another', async () => {
    const program = `
      import { pipeline } from 'tidegate';
      await pipeline(['ebb '], process.stdout);
      await pipeline(['and flow'], process.stdout);
    `;
    const cwd = new URL('../../..', import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd,
      timeout: 10_000,
    });
    assert.equal(stdout, 'ebb and flow');
  });
});

describe('a duplex stream as a stage', () => {
  test('may be a zlib stream', async () => {
    assert.equal(await pipeline([gzipSync('high tide')], createGunzip(), textOf), 'high tide');
  });

  test('fails the pipeline with its own error', async () => {
    await assert.rejects(pipeline([Buffer.from('no gzip')], createGunzip(), textOf), { code: 'Z_DATA_ERROR' });
  });

  test('may be a socket', async () => {
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    const port = await listening(server);
    try {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      assert.equal(await pipeline(['ebb', ' and ', 'flow'], socket, textOf), 'ebb and flow');
    } finally {
      server.close();
    }
  });
});

describe("Node's streams", () => {
  test('keep their backpressure: a stopped consumer stops the source', async () => {
    let read = 0;
    const source = new Readable({
      highWaterMark: 16,
      read() {
        read += 1;
        this.push(Buffer.alloc(16));
      },
    });
    let goOn;
    const stopped = new Promise((resolve) => void (goOn = resolve));
    const running = pipeline(source, new PassThrough({ highWaterMark: 16 }), async (chunks) => {
      await chunks.next();
      await stopped;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(read < 20, `${read} chunks were read`);
    goOn();
    await running;
  });

  test('that close before their end fail the pipeline', async () => {
    const source = new Readable({ read() {} });
    setTimeout(() => source.destroy(), 5);
    await assert.rejects(within(1000, pipeline(source, textOf)), { message: 'The Node stream closed before it ended' });
    const sink = new Writable({ write() {} });
    setTimeout(() => sink.destroy(), 5);
    await assert.rejects(within(1000, pipeline(endless(), sink)), {
      message: 'The Node stream closed before it was ended',
    });
  });

  test('are destroyed with the error of another part, and left without listeners of ours', async () => {
    const source = new Readable({
      read() {
        this.push('x');
      },
    });
    const listeners = source.listenerCount('readable');
    await assert.rejects(
      pipeline(source, new WritableStream({ write: () => Promise.reject(failure) })),
      (error) => error === failure,
    );
    assert.equal(source.destroyed, true);
    assert.equal(source.errored, failure);
    assert.equal(source.listenerCount('readable'), listeners);
  });

  test('give strings where an encoding is set', async () => {
    const source = new Readable({
      encoding: 'utf8',
      read() {
        this.push('ebb');
        this.push(null);
      },
    });
    assert.equal(await pipeline(source, async (chunks) => typeof (await chunks.next()).value), 'string');
  });
});

test('a Node stream that destroys itself while it is read, as the pipeline is aborted, takes no process down', async () => {
  const failure = new Error('the stream');
  const reason = new Error('the abort');
  const controller = new AbortController();
  const node = new Readable({
    read() {
      this.destroy(failure); // emits its 'error' after this turn, with `closed` true from here on
      queueMicrotask(() => controller.abort(reason));
    },
  });
  await assert.rejects(
    pipeline(
      node,
      async (chunks) => {
        for await (const chunk of chunks) void chunk;
      },
      { signal: controller.signal },
    ),
    (error) => error === reason || error === failure,
  );
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(node.listenerCount('error'), 0);
});

test("a write that begins as the pipeline is aborted does not wait for Node's destroyed stream", async () => {
  const reason = new Error('the abort');
  for (let ticks = 0; ticks < 40; ticks++) {
    const controller = new AbortController();
    const transform = new TransformStream();
    const node = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write: (chunk, encoding, callback) => void setImmediate(callback),
    });
    const source = new ReadableStream({ pull: (c) => c.enqueue(1) });
    const began = performance.now();
    const running = pipeline(source, transform, node, { signal: controller.signal });
    for (let tick = 0; tick < ticks; tick++) await undefined;
    controller.abort(reason);
    await assert.rejects(running, (error) => error === reason);
    assert.equal(
      transform.readable.locked,
      false,
      `aborted after ${ticks} microtasks, settled after ${performance.now() - began} ms`,
    );
  }
});
