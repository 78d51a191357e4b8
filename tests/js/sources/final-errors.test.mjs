/** Errors that a retry cannot mend fail at once: fromEventSource(), fromFetch() and the parts of toFetch(). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { FetchError, fromEventSource, fromFetch, pipeline, toArray, toFetch } from 'tidegate';
import { within } from '../pipeline/pipeline-parts.mjs';

let server;
let url;
let ids = [];
let answer;
before(async () => {
  server = createServer({ maxHeaderSize: 200_000 }, (request, response) => {
    ids.push(request.headers['last-event-id']);
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}/`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => void (ids = []));

// A retry would wait for an hour.
const delay = 3_600_000;
const jobs = {
  fromEventSource: async (input, init) => toArray(fromEventSource(input, { ...init, delay, retries: Infinity })),
  fromFetch: async (input, init) => toArray(fromFetch(input, { ...init, delay, retries: Infinity })),
  'toFetch, in parts,': async (input, init) =>
    pipeline(['x'], toFetch(input, { method: 'PUT', ...init, as: 'parts', delay, retries: 1000 })),
};

for (const [what, run] of Object.entries(jobs)) {
  describe(`${what} fails at once for`, () => {
    for (const [bad, input, init] of [
      ['a URL that is none', 'no URL'],
      ['a method that is none', 'http://127.0.0.1/', { method: 'two words' }],
      ['a header that is none', 'http://127.0.0.1/', { headers: { 'two words': 'x' } }],
      ['a URL with a password', 'http://me:secret@127.0.0.1/'],
    ])
      test(bad, () => assert.rejects(within(5000, run(input, init)), TypeError));

    for (const [bad, input, init] of [
      ['a scheme that is not known', 'gopher://127.0.0.1/'],
      ['a port that is blocked', 'http://127.0.0.1:1/'],
      ['a header that the engine does not send', 'http://127.0.0.1:9999/', { headers: { 'content-length': 'x' } }],
    ])
      test(bad, () => assert.rejects(within(5000, run(input, init)), FetchError));
  });
}

test('fromFetch says which request is refused', () =>
  assert.rejects(toArray(fromFetch('no URL')), {
    name: 'TypeError',
    message: /^fromFetch\(\): the engine refuses the request \(.*no URL.*\); correct its URL, method, headers/,
  }));

test('a part whose URL is none is not sent again', async () => {
  const sink = toFetch(url, { part: () => ({ url: 'no URL' }), delay });
  await assert.rejects(within(5000, pipeline(['x'], sink)), /^TypeError: toFetch\(\): the engine refuses the request/);
});

describe('fromEventSource()', () => {
  test('fails where it would have to name an id that no header holds', async () => {
    answer = (response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('id: a\x01b\ndata: 1\n\n');
    const seen = [];
    await assert.rejects(
      within(
        5000,
        pipeline(fromEventSource(url, { delay: 1, retries: Infinity }), async (events) => {
          for await (const { lastEventId } of events) seen.push(lastEventId);
        }),
      ),
      (error) =>
        error instanceof FetchError &&
        /a retry would fail in the same way \(invalid last-event-id header\)/.test(error.message),
    );
    assert.deepEqual([seen, ids], [['a\x01b'], [undefined]]);
  });

  for (const [what, id] of [
    ['of 64 KiB', 'x'.repeat(65536)],
    ['of 64 KiB in UTF-8', 'é'.repeat(32768)],
  ]) {
    test(`names an id ${what}, and fails for a longer one`, async () => {
      for (const last of [id, `${id}x`]) {
        ids = [];
        answer = (response) =>
          response
            .writeHead(ids.length > 1 ? 204 : 200, { 'content-type': 'text/event-stream' })
            .end(`id: ${last}\ndata: 1\n\n`);
        const events = toArray(fromEventSource(url, { delay: 1 }));
        if (last === id) {
          assert.equal((await within(5000, events)).length, 1);
          assert.equal(Buffer.from(ids[1], 'latin1').toString(), id);
        } else {
          await assert.rejects(within(5000, events), {
            name: 'FetchError',
            message: /has an id of 65537 bytes, and a request can name one of 65536 bytes at most/,
          });
          assert.equal(ids.length, 1);
        }
      }
    });
  }
});
