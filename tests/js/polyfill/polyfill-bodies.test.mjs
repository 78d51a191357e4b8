/**
 * What a body takes, in Node: Uint8Arrays, as in browsers, and a TypeError for anything else. With the polyfill as the import leaves it the bodies are Node's
 * own, whose fetch() is looser; by force they are of the installed classes.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { install, uninstall } from 'tidegate/polyfill';

const others = {
  'a Uint16Array': () => new Uint16Array([65, 66]),
  'a string': () => 'text',
  'a DataView': () => new DataView(new ArrayBuffer(3)),
  'an ArrayBuffer': () => new ArrayBuffer(2),
  'a number': () => 3,
  null: () => null,
};

function streamOf(...chunks) {
  let reason;
  const stream = new ReadableStream(
    {
      pull(controller) {
        if (chunks.length > 0) controller.enqueue(chunks.shift());
        else controller.close();
      },
      cancel: (why) => void (reason = why),
    },
    { highWaterMark: 0 },
  );
  return Object.assign(stream, { reason: () => reason });
}

describe('a body', () => {
  let server;
  let url;
  before(async () => {
    server = createServer(async (request, response) => {
      try {
        const received = [];
        for await (const bytes of request) received.push(...bytes);
        response.end(JSON.stringify(received));
      } catch {
        // The upload has failed, as it should.
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${server.address().port}/`;
  });
  after(() => {
    uninstall();
    server.closeAllConnections();
    server.close();
  });

  const post = (body) => ({ method: 'POST', body, duplex: 'half' });
  const readers = {
    'Response.text()': (stream) => new Response(stream).text(),
    'Response.arrayBuffer()': (stream) => new Response(stream).arrayBuffer(),
    'Response.clone().text()': (stream) => new Response(stream).clone().text(),
    'Request.text()': (stream) => new Request(url, post(stream)).text(),
  };
  const uploads = {
    'fetch(url, { body })': (stream) => fetch(url, post(stream)),
    'fetch(request)': (stream) => fetch(new Request(url, post(stream))),
  };

  for (const force of [false, true]) {
    const given = force ? { ...readers, ...uploads } : readers;
    for (const [how, use] of Object.entries(given)) {
      test(
        `of anything but Uint8Arrays is a TypeError of ${how}, ${force ? 'by force' : 'as imported'}`,
        { timeout: 10_000 },
        async () => {
          if (force) install({ force: true });
          for (const [what, make] of Object.entries(others)) {
            const error = await use(streamOf(new Uint8Array([1]), make())).then(
              () => assert.fail(`${what} was taken`),
              (reason) => reason,
            );
            assert.equal(error.name, 'TypeError', what);
            if (force)
              assert.match(
                (error.cause ?? error).message,
                /chunks must be Uint8Arrays; got .* TextEncoderStream/,
                what,
              );
          }
          uninstall();
        },
      );
    }
  }

  test(
    'of Uint8Arrays arrives whole, empty ones and those of a Buffer among them, by force',
    { timeout: 10_000 },
    async () => {
      install({ force: true });
      const chunks = () => [new Uint8Array([65]), new Uint8Array(0), Buffer.from('BC'), new Uint8Array([68])];
      assert.equal(await new Response(streamOf(...chunks())).text(), 'ABCD');
      assert.equal(await new Request(url, post(streamOf(...chunks()))).text(), 'ABCD');
      assert.deepEqual(await (await fetch(url, post(streamOf(...chunks())))).json(), [65, 66, 67, 68]);
      uninstall();
    },
  );

  test('cancels its stream with the reason why it refused a chunk, by force', async () => {
    install({ force: true });
    const stream = streamOf('text');
    const error = await new Response(stream).text().catch((reason) => reason);
    assert.equal(stream.reason(), error);
    uninstall();
  });

  test('of a Response that was not read can be that of another, by force', { timeout: 10_000 }, async () => {
    install({ force: true });
    try {
      const first = new Response(streamOf(new Uint8Array([65, 66])));
      const second = new Response(first.body, { status: 201 });
      const third = new Response(second.body.pipeThrough(new TransformStream()), second);
      assert.deepEqual([third.status, await third.text()], [201, 'AB']);
      await assert.rejects(first.text(), TypeError);
    } finally {
      uninstall();
    }
  });

  test(
    'that was looked at can be read after a clone, and so can the clone, by force',
    { timeout: 10_000 },
    async () => {
      install({ force: true });
      try {
        const response = new Response(streamOf(new Uint8Array([65, 66])));
        assert.equal(response.body.locked, false);
        const copy = response.clone();
        assert.deepEqual(await Promise.all([response.text(), copy.text()]), ['AB', 'AB']);
      } finally {
        uninstall();
      }
    },
  );

  test('says of a detached chunk that it is one, by force', async () => {
    install({ force: true });
    const gone = new Uint8Array(3);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    await assert.rejects(new Response(streamOf(gone)).text(), {
      name: 'TypeError',
      message: /body is detached: its buffer was transferred before/,
    });
    uninstall();
  });
});
