/** A response that is no success, as a source and in errors. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { failureOf, FetchError, fromFetch, pipeline, toArray, toBytes, toText, WritableStream } from 'tidegate';
import { lines } from 'tidegate/codecs';
import { startServer } from '../sources/misbehaving-server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

const answers = (status, body = 'what the server says') =>
  server.serve((request, response) => response.writeHead(status).end(body)).url;
const reasonOf = (promise) =>
  promise.then(
    () => assert.fail('it did not fail'),
    (error) => error,
  );

describe('a response that is no success', () => {
  for (const [how, run] of [
    ['toText()', toText],
    ['toBytes()', toBytes],
    ['toArray()', toArray],
    ['pipeline() into a stream', (response) => pipeline(response, new WritableStream())],
    [
      'pipeline() through a codec',
      (response) =>
        pipeline(response, lines(), async (chunks) => {
          for await (const chunk of chunks) void chunk;
        }),
    ],
    ['pipeline() from a function', (response) => pipeline(() => response, new WritableStream())],
    ['pipeline() from an async function', (response) => pipeline(async () => response, new WritableStream())],
  ]) {
    test(`fails ${how}, with all there is to know`, async () => {
      const url = answers(404);
      const error = await reasonOf(run(await fetch(url)));
      assert.ok(error instanceof FetchError);
      assert.deepEqual(
        [error.status, error.url, error.response.status, error.response.url, error.response.ok],
        [404, url, 404, url, false],
      );
      assert.equal(
        error.message,
        `The response of ${url} is 404 Not Found, so it cannot be a source; read its body from error.response, or pass response.body to accept any status`,
      );
      assert.equal(await error.response.text(), 'what the server says');
      assert.equal(failureOf(error).index, 0);
    });
  }

  test('is data where its body is given', async () => {
    assert.equal(await toText((await fetch(answers(404))).body), 'what the server says');
  });

  test('fails also before anything is read of it', async () => {
    const error = await reasonOf(
      pipeline(
        await fetch(answers(500)),
        async (_, { signal }) =>
          new Promise((resolve) => {
            signal.onabort = resolve;
          }),
      ),
    );
    assert.equal(error.name, 'FetchError');
  });

  test('keeps at most 64 KiB of its body, and no connection', async () => {
    let closed;
    const { url } = server.serve((request, response) => {
      closed = new Promise((resolve) => {
        response.once('close', resolve);
      });
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65536, 'x')));
      };
      response.on('drain', write);
      response.writeHead(500);
      write();
    });
    const error = await reasonOf(toText(await fetch(url)));
    await closed;
    assert.equal((await error.response.text()).length, 65536);
  });

  test('is not waited for when its body never ends', async () => {
    let closed;
    const { url } = server.serve((request, response) => {
      closed = new Promise((resolve) => {
        response.once('close', resolve);
      });
      response.writeHead(500).write('half');
    });
    const error = await reasonOf(toText(await fetch(url)));
    await closed;
    assert.equal(await error.response.text(), 'half');
  });

  test('with a status that the constructor refuses is kept as well', async () => {
    const error = await reasonOf(toText(await fetch(answers(999))));
    assert.deepEqual(
      [error.status, error.response.status, await error.response.text()],
      [999, 999, 'what the server says'],
    );
  });

  test('that is Response.error() says that it is a network error', async () => {
    await assert.rejects(toText(Response.error()), {
      name: 'FetchError',
      status: 0,
      message: 'The response is a network error, so it cannot be a source',
    });
  });

  test('that is a redirect which was not followed says so', async () => {
    const { url } = server.serve((request, response) => response.writeHead(302, { location: '/' }).end());
    const error = await reasonOf(toText(await fetch(url, { redirect: 'manual' })));
    assert.equal(error.name, 'FetchError');
    const ours = await reasonOf(toText(fromFetch(url, { redirect: 'manual' })));
    assert.equal(ours.name, 'FetchError');
  });

  test('as the answer of fromFetch() is kept with its body', async () => {
    const url = answers(404);
    const error = await reasonOf(toText(fromFetch(url)));
    assert.deepEqual([error.status, error.url, error.response.headers.get('content-type')], [404, url, null]);
    assert.equal(await error.response.text(), 'what the server says');
  });

  test('is left as it is where preventCancel says so, compressed or not', async () => {
    for (const headers of [{}, { 'content-encoding': 'gzip' }]) {
      const body = gzipSync(randomBytes(1_000_000));
      const { url } = server.serve((request, response) =>
        response.writeHead(200, { ...headers, 'content-length': body.length }).end(body),
      );
      const response = await fetch(url);
      const first = await pipeline(
        response,
        async (chunks) => {
          for await (const chunk of chunks) return chunk.byteLength;
        },
        { preventCancel: true },
      );
      assert.ok(first > 0);
      assert.equal(response.body.locked, false);
      assert.ok((await toBytes(response.body)).length > 0);
    }
  });

  test('is a success where it is one', async () => {
    assert.equal(await toText(await fetch(answers(200))), 'what the server says');
    assert.equal(await toText(new Response('made here')), 'made here');
  });
});
