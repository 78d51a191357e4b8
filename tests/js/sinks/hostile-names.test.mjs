/** serveDownloads() against messages and file names that are made to do harm. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serveDownloads } from 'tidegate';

const ORIGIN = 'https://shop.example';

/** What is answered to a request for a download: `{ answer, response }`; `response` once it is fetched. */
async function download(scope, about) {
  const reply = new MessageChannel();
  const bytes = new MessageChannel();
  const answered = new Promise((resolve) => void (reply.port1.onmessage = ({ data }) => resolve(data)));
  const data = { type: 'tidegate.download', id: crypto.randomUUID(), port: bytes.port2, reply: reply.port2, ...about };
  const event = { data, origin: ORIGIN, source: { type: 'window' }, waitUntil() {} };
  scope.dispatchEvent(Object.assign(new Event('message'), event));
  const answer = await answered;
  const fetched = () => {
    let response;
    const respondWith = (value) => void (response = value);
    scope.dispatchEvent(Object.assign(new Event('fetch'), { request: { url: answer.url }, respondWith }));
    return response;
  };
  const done = () => [reply.port1, reply.port2, bytes.port1, bytes.port2].forEach((port) => port.close());
  return { answer, fetched, done };
}

function worker() {
  const scope = Object.assign(new EventTarget(), {
    location: { origin: ORIGIN },
    registration: { scope: `${ORIGIN}/app/` },
  });
  serveDownloads(scope);
  return scope;
}

async function nameOf(name) {
  const { fetched, done } = await download(worker(), { name });
  const response = fetched();
  await response.body.cancel();
  done();
  return decodeURIComponent(/filename\*=UTF-8''(.*)$/.exec(response.headers.get('content-disposition'))[1]);
}

describe('the name of a download', () => {
  for (const filler of [' ', '.', '. ', '\u3000']) {
    test(`of many ${JSON.stringify(filler)} takes time in proportion to its length`, async () => {
      const cost = async (length) => {
        const began = performance.now();
        await nameOf(`a${filler.repeat(length)}b`);
        return performance.now() - began;
      };
      await cost(10);
      assert.ok((await cost(160_000)) < 50 * (await cost(10_000)) + 500);
    });
  }

  for (const [name, safe] of [
    [`con${' '.repeat(300)}x`, '_con'],
    [`${'a'.repeat(199)}.${'b'.repeat(50)}`, 'a'.repeat(199)],
    [`${'a'.repeat(199)} ${'b'.repeat(50)}`, 'a'.repeat(199)],
    ['a"b.txt', 'a_b.txt'],
    ['CONIN$', '_CONIN$'],
    ['conout$.txt', '_conout$.txt'],
  ]) {
    test(`is one that no system takes for another or refuses: ${JSON.stringify(name.slice(0, 12))}`, async () => {
      assert.equal(await nameOf(name), safe);
    });
  }

  test('that is no string is none, and nothing is made of it', async () => {
    let name = ['x'];
    for (let depth = 0; depth < 26; depth += 1) name = [name, name]; // as a string 67 million characters and more
    assert.equal(await nameOf(name), 'download');
  });
});

test('the id of a download is a string: an array of one passes for no new one', async () => {
  const scope = worker();
  const id = crypto.randomUUID();
  const first = await download(scope, { id, name: 'first' });
  const second = await download(scope, { id: [id], name: 'second' });
  assert.deepEqual(second.answer, { error: 'the id of a download must be a UUID that was not used before' });
  const response = first.fetched();
  assert.match(response.headers.get('content-disposition'), /"first"/);
  await response.body.cancel();
  first.done();
  second.done();
});
