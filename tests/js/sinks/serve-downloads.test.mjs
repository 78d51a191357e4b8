/** serveDownloads(): who is answered, and what becomes of a download that nobody fetches. The names are tried in browsers: tests/e2e/ends. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { pipeline, serveDownloads, toMessagePort } from 'tidegate';
import { within } from '../pipeline/pipeline-parts.mjs';

const ORIGIN = 'https://shop.example';

/** What a service worker's global object has of what is used, and the events that it gets. */
function worker() {
  const pages = new Set(['page']);
  const scope = Object.assign(new EventTarget(), {
    location: { origin: ORIGIN },
    registration: { scope: `${ORIGIN}/app/` },
    clients: { get: async (id) => (pages.has(id) ? { id } : undefined) },
  });
  serveDownloads(scope);
  const waits = [];
  return {
    pages,
    waits,
    send(data, { origin = ORIGIN, source = { type: 'window', id: 'page' } } = {}) {
      scope.dispatchEvent(
        Object.assign(new Event('message'), { data, origin, source, waitUntil: (promise) => waits.push(promise) }),
      );
    },
    /** The response, or undefined where the request goes to the network. */
    fetch(url) {
      let response;
      scope.dispatchEvent(
        Object.assign(new Event('fetch'), { request: { url }, respondWith: (value) => void (response = value) }),
      );
      return response;
    },
  };
}

let ports;
beforeEach(() => void (ports = []));
afterEach(() => {
  mock.timers.reset();
  for (const port of ports) port.close();
});

function channel() {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const messages = [];
  port1.onmessage = ({ data }) => messages.push(data);
  return { near: port1, far: port2, messages };
}

const turns = async (count) => {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Asks for a download; resolves with the answer, or undefined where none comes. */
async function ask({ send }, about, from) {
  const reply = channel();
  const data = channel();
  send(
    {
      type: 'tidegate.download',
      id: crypto.randomUUID(),
      name: 'a',
      mime: 'text/csv',
      port: data.far,
      reply: reply.far,
      ...about,
    },
    from,
  );
  await turns(20);
  return { answer: reply.messages[0], data, reply };
}

describe('serveDownloads()', () => {
  test('offers a download to a page, once', async () => {
    const at = worker();
    const {
      answer: { url },
    } = await ask(at);
    assert.match(url, /^https:\/\/shop\.example\/app\/tidegate-download\/[0-9a-f-]{36}$/);
    assert.equal(at.fetch(`${url}x`), undefined);
    assert.equal(at.fetch(url).headers.get('content-type'), 'text/csv');
    assert.equal(at.fetch(url), undefined);
    await Promise.all(at.waits);
  });

  for (const [what, from] of [
    ['of another origin', { origin: 'https://evil.example' }],
    ['that is a worker', { source: { type: 'worker' } }],
    ['that is a shared worker', { source: { type: 'sharedworker' } }],
    ['that is gone', { source: null }],
  ]) {
    test(`says nothing to a client ${what}`, async () => {
      const at = worker();
      assert.equal((await ask(at, {}, from)).answer, undefined);
      assert.deepEqual(at.waits, []);
    });
  }

  for (const id of [
    '../../x',
    '',
    'x',
    undefined,
    5,
    null,
    {},
    `${crypto.randomUUID()}/..`,
    `../${crypto.randomUUID()}`,
  ]) {
    test(`refuses an id that is no UUID: ${JSON.stringify(id)}`, async () => {
      assert.deepEqual((await ask(worker(), { id })).answer, {
        error: 'the id of a download must be a UUID that was not used before',
      });
    });
  }

  test('refuses an id that is waiting already, whose download stays', async () => {
    const at = worker();
    const id = crypto.randomUUID();
    const {
      answer: { url },
    } = await ask(at, { id });
    assert.match((await ask(at, { id, name: 'b' })).answer.error, /a UUID that was not used before/);
    assert.match(at.fetch(url).headers.get('content-disposition'), /filename="a"/);
  });

  test('answers what makes no sense with an error, or not at all, and throws nothing', async () => {
    const at = worker();
    for (const data of [
      undefined,
      null,
      5,
      'tidegate.download',
      [],
      { type: 'tidegate.download' },
      { type: 'tidegate.download', reply: {} },
    ])
      at.send(data);
    for (const port of [null, 5, {}, 'port']) assert.equal(typeof (await ask(at, { port })).answer.error, 'string');
    for (const about of [
      { name: undefined },
      { name: 5 },
      { name: {} },
      { mime: 'a\r\nb: c' },
      { mime: 5 },
      { size: -1 },
      { size: 'x' },
      { size: NaN },
      { size: Infinity },
    ]) {
      const { answer } = await ask(at, about);
      const { headers } = at.fetch(answer.url);
      assert.deepEqual([headers.get('content-length'), headers.get('b')], [null, null]);
    }
  });

  test('tells the page at the end how many bytes went through', async () => {
    const at = worker();
    const { port1, port2 } = new MessageChannel();
    const sent = pipeline([new Uint8Array(3), new Uint8Array(2)], toMessagePort(port1));
    const {
      answer: { url },
      reply,
    } = await ask(at, { port: port2 });
    const [text] = await within(1000, Promise.all([at.fetch(url).text(), sent]));
    assert.equal(text.length, 5);
    await turns(20);
    assert.deepEqual(reply.messages.slice(1), [{ bytes: 5 }]);
  });

  test('tells the page of a download that the browser cancels', async () => {
    const at = worker();
    const { port1, port2 } = new MessageChannel();
    const running = pipeline(
      (function* () {
        for (;;) yield new Uint8Array(3);
      })(),
      toMessagePort(port1),
    );
    running.catch(() => {});
    const {
      answer: { url },
      reply,
    } = await ask(at, { port: port2 });
    await at.fetch(url).body.cancel();
    await assert.rejects(within(1000, running));
    await turns(20);
    assert.deepEqual(reply.messages.slice(1), [{}]);
  });

  test('tells a page whether it knows of a download', async () => {
    const at = worker();
    const id = crypto.randomUUID();
    await ask(at, { id });
    assert.deepEqual((await ask(at, { type: 'tidegate.alive', id })).answer, { known: true });
    assert.deepEqual((await ask(worker(), { type: 'tidegate.alive', id })).answer, { known: false });
  });

  test('ends a download that nobody fetches, with an error that the page gets', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const at = worker();
    const {
      answer: { url },
      data,
      reply,
    } = await ask(at);
    mock.timers.tick(29_000);
    assert.equal(
      data.messages.some(({ type }) => type === 'cancel'),
      false,
    );
    mock.timers.tick(1001);
    await within(1000, Promise.all(at.waits));
    await turns(20);
    assert.equal(at.fetch(url), undefined);
    assert.match(
      JSON.stringify(
        data.messages.map((message) => String(message.value?.message ?? message.reason ?? JSON.stringify(message))),
      ),
      /did not request the download within 30 seconds/,
    );
    assert.match(reply.messages[1].error, /did not request the download within 30 seconds/);
  });

  test('breaks a download off when its page is gone, and not when the page was away for a while', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    const at = worker();
    const {
      answer: { url },
    } = await ask(at);
    const reading = at.fetch(url).text();
    reading.catch(() => {});
    const look = async (count) => {
      for (let n = 0; n < count; n += 1) {
        mock.timers.tick(5000);
        await turns(2);
      }
    };
    at.pages.clear();
    await look(2);
    at.pages.add('page');
    await look(1);
    at.pages.clear();
    await look(2);
    assert.equal(await Promise.race([reading, Promise.resolve('unfinished')]), 'unfinished');
    await look(1);
    await assert.rejects(within(1000, reading), {
      name: 'NetworkError',
      message: 'toDownload(): the page that sent the download is gone',
    });
  });
});
