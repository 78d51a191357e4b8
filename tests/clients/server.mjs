/** What the clients' jobs talk to: a server of Node's own, in a process without tidegate. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const PART = 16_384;

const part = (n) => Buffer.alloc(PART, (n % 251) + 1);

const drained = (response) =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });

async function sendParts(response, count, pause = 0) {
  response.flushHeaders();
  for (let n = 0; n < count && !response.destroyed; n += 1) {
    if (!response.write(part(n)) && !response.destroyed) await drained(response);
    if (pause) await sleep(pause);
  }
}

async function sendEvents(response, events) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    // In two pieces, so that no event comes whole.
    response.write(event.slice(0, 9));
    await sleep(2);
    response.write(event.slice(9));
  }
}

const token = (n) =>
  `data: ${JSON.stringify({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [
      { index: 0, delta: { role: 'assistant', content: `tide ${n} ≈ ` }, finish_reason: n === 19 ? 'stop' : null },
    ],
  })}\n\n`;

async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Path to handler. `left` counts the endless bodies whose client went. */
export function routes() {
  let left = 0;
  const flaky = new Set();
  return {
    async '/bytes'(request, response) {
      await sendParts(response, 64);
      response.end();
    },
    async '/slow'(request, response) {
      await sendParts(response, 8, 5);
      response.end();
    },
    async '/cut'(request, response) {
      await sendParts(response, 4, 5);
      response.destroy();
    },
    async '/endless'(request, response) {
      response.once('close', () => {
        left += 1;
      });
      await sendParts(response, Infinity, 5);
    },
    '/left': (request, response) => response.end(String(left)),
    '/error': (request, response) =>
      response
        .writeHead(503, { 'content-type': 'application/json', 'retry-after': '0' })
        .end('{"error":{"message":"low tide","type":"tides"}}'),
    '/flaky'(request, response) {
      const { search } = new URL(request.url, 'http://localhost');
      const isFirst = !flaky.has(search);
      flaky.add(search);
      response.writeHead(isFirst ? 503 : 200, { 'retry-after': '0' }).end('flood');
    },
    async '/hash'(request, response) {
      const hash = createHash('sha256');
      let length = 0;
      try {
        for await (const piece of request) {
          hash.update(piece);
          length += piece.length;
          await sleep(1);
        }
        response.end(JSON.stringify({ length, sha256: hash.digest('hex') }));
      } catch {
        left += 1; // the client has aborted
      }
    },
    async '/events'(request, response) {
      await sendEvents(
        response,
        Array.from({ length: 40 }, (_, n) => `id: ${n}\nevent: tide\ndata: level ${n}\ndata: ≈${'~'.repeat(n)}\n\n`),
      );
      response.end();
    },
    async '/events-cut'(request, response) {
      await sendEvents(response, ['data: one\n\n', 'data: two\n\n']);
      await sleep(20);
      response.destroy();
    },
    async '/v1/chat/completions'(request, response) {
      const { model } = JSON.parse((await bodyOf(request)).toString());
      if (model === 'none')
        return void response
          .writeHead(500, { 'content-type': 'application/json' })
          .end('{"error":{"message":"no such model"}}');
      if (model === 'endless') {
        response.once('close', () => {
          left += 1;
        });
        while (!response.destroyed) {
          await sendEvents(
            {
              writeHead: () => response.headersSent || response.writeHead(200, { 'content-type': 'text/event-stream' }),
              write: (text) => response.write(text),
            },
            [token(0)],
          );
        }
        return undefined;
      }
      if (model === 'broken') {
        await sendEvents(response, [token(0), token(1), 'data: {"error":{"message":"out of tokens"}}\n\n']);
        return void response.end();
      }
      await sendEvents(response, [...Array.from({ length: 20 }, (_, n) => token(n)), 'data: [DONE]\n\n']);
      return void response.end();
    },
  };
}
