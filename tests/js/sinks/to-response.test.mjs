/** toResponse(): a response whose body is what is written. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import http2 from 'node:http2';
import { describe, test } from 'node:test';
import { pipeline, toResponse } from 'tidegate';
import { turn, within } from '../pipeline/pipeline-parts.mjs';

const broken = new Error('broken');

describe('toResponse()', () => {
  test('has the headers it was given, and the bytes and strings that are written', async () => {
    const sink = toResponse({ status: 201, headers: { 'content-type': 'text/csv' } });
    const running = pipeline(
      ['a,b\n', new TextEncoder().encode('1,2\n'), new Uint8Array(0), new Uint16Array([0x0a33]).buffer],
      sink,
    );
    assert.equal(sink.response.status, 201);
    assert.equal(sink.response.headers.get('content-type'), 'text/csv');
    assert.equal(await sink.response.text(), 'a,b\n1,2\n3\n');
    await running;
  });

  test('takes nothing while nobody reads the body, and goes on where it stopped', async () => {
    let made = 0;
    const source = (function* () {
      for (;;) yield new Uint8Array([made++]);
    })();
    const sink = toResponse();
    const running = pipeline(source, sink);
    running.catch(() => {});
    for (let n = 0; n < 10; n += 1) await turn();
    assert.ok(made <= 3, `${made} chunks were made`);
    const reader = sink.response.body.getReader();
    for (let n = 0; n < 100; n += 1) assert.equal((await reader.read()).value[0], n);
    for (let n = 0; n < 10; n += 1) await turn();
    assert.ok(made <= 104, `${made} chunks were made for 100 that were read`);
    await reader.cancel();
    await assert.rejects(within(1000, running), { name: 'AbortError' });
  });

  test('fails the pipeline with the reason with which the body is cancelled', async () => {
    const sink = toResponse();
    const running = pipeline(
      (async function* () {
        for (;;) {
          yield 'x';
          await turn();
        }
      })(),
      sink,
    );
    await sink.response.body.cancel(broken);
    await assert.rejects(within(1000, running), (error) => error === broken);
  });

  test('fails the body with the error of the pipeline', async () => {
    const sink = toResponse();
    const running = pipeline(
      (async function* () {
        yield 'x';
        throw broken;
      })(),
      sink,
    );
    running.catch(() => {});
    await assert.rejects(within(1000, sink.response.text()), (error) => error === broken);
    await assert.rejects(within(1000, running), (error) => error === broken);
  });

  test('fails a body that is being waited for when the signal is aborted', async () => {
    const controller = new AbortController();
    const sink = toResponse();
    const running = pipeline(new ReadableStream(), sink, { signal: controller.signal });
    running.catch(() => {});
    const text = sink.response.text();
    await turn();
    controller.abort(broken);
    await assert.rejects(within(1000, text), (error) => error === broken);
    await assert.rejects(within(1000, running), (error) => error === broken);
  });

  test('refuses chunks that are no bytes', async () => {
    const sink = toResponse();
    const text = sink.response.text();
    text.catch(() => {});
    await assert.rejects(within(1000, pipeline([{ a: 1 }], sink)), {
      name: 'TypeError',
      message: /^toResponse\(\): chunks must be bytes or strings; got an object with the keys a/,
    });
    await assert.rejects(text);
  });

  if (ArrayBuffer.prototype.resize !== undefined) {
    test('refuses a view whose resizable buffer has shrunk below it', async () => {
      const buffer = new ArrayBuffer(8, { maxByteLength: 8 });
      const view = new Uint8Array(buffer, 4, 4);
      buffer.resize(2);
      const sink = toResponse();
      sink.response.text().catch(() => {});
      await assert.rejects(within(1000, pipeline([view], sink)), {
        name: 'TypeError',
        message: /^toResponse\(\): the chunk has lost its bytes/,
      });
    });
  }

  test('holds the source back for a client that has stopped reading, and stops it for one that leaves', async () => {
    let made = 0;
    let outcome;
    const server = createServer((request, response) => {
      const sink = toResponse();
      const source = (function* () {
        for (;;) {
          made += 1;
          yield new Uint8Array(65536);
        }
      })();
      outcome = pipeline(source, sink);
      outcome.catch(() => {});
      pipeline(sink.response, response).catch(() => {});
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const controller = new AbortController();
      const { body } = await fetch(`http://127.0.0.1:${server.address().port}`, { signal: controller.signal });
      const reader = body.getReader();
      await reader.read();
      let stood = -1;
      for (let n = 0; n < 100 && stood !== made; n += 1) {
        stood = made;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.equal(made, stood);
      assert.ok(made < 400, `${made} chunks of 64 KiB were made`);
      controller.abort();
      await assert.rejects(within(1000, outcome));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test(
    'has headers for a HEAD request over HTTP/2, and its source is read to the end',
    { timeout: 10_000 },
    async () => {
      let outcome;
      let returned = false;
      const server = http2.createServer((request, response) => {
        const sink = toResponse();
        const source = (function* () {
          try {
            yield* ['a', 'b', 'c'];
          } finally {
            returned = true;
          }
        })();
        response.setHeader('x-tide', 'high');
        outcome = Promise.all([pipeline(source, sink), pipeline(sink.response, response)]);
        outcome.catch(() => {});
      });
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
      const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
      try {
        const request = client.request({ ':method': 'HEAD', ':path': '/' });
        const headers = new Promise((resolve, reject) => request.on('response', resolve).on('error', reject));
        request.resume();
        const { ':status': status, 'x-tide': tide } = await within(5000, headers);
        assert.deepEqual([status, tide], [200, 'high']);
        await within(5000, outcome);
        assert.ok(returned);
      } finally {
        client.destroy();
        server.close();
      }
    },
  );
});
