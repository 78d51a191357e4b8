/** toFetch(): uploads in one streamed request and in parts, against a real server that fails, stands still and goes away. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { FetchError, pipeline, toFetch } from 'tidegate';
import { turn, within } from '../pipeline/pipeline-parts.mjs';

const broken = new Error('broken');
const content = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, n) => (n * 7 + (n >> 8)) & 255));
const slices = (size) =>
  Array.from({ length: Math.ceil(content.length / size) }, (_, n) => content.subarray(n * size, (n + 1) * size));

let server;
let url;
let requests = []; // { method, headers, body, closed }
let answer = () => ({});

before(async () => {
  server = createServer(async (request, response) => {
    const seen = {
      method: request.method,
      url: request.url,
      headers: request.headers,
      bytes: 0,
      body: undefined,
      closed: false,
    };
    requests.push(seen);
    request.on('close', () => void (seen.closed = true));
    request.socket.once('close', () => void (seen.closed = true));
    const plan = answer(seen, requests.length - 1);
    if (plan.pause) await plan.pause;
    const chunks = [];
    try {
      for await (const chunk of request) {
        seen.bytes += chunk.length;
        if (!plan.forgets) chunks.push(chunk);
        if (plan.destroyAfter <= seen.bytes) return void request.destroy();
        if (plan.early) break;
      }
    } catch {
      return;
    }
    seen.body = Buffer.concat(chunks);
    response.writeHead(plan.status ?? 200, plan.headers).end(plan.text ?? 'done');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}/upload`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  requests = [];
  answer = () => ({});
});

async function standing(made) {
  let stood = -1;
  for (let n = 0; n < 100 && stood !== made(); n += 1) {
    stood = made();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return stood;
}

describe('toFetch() that streams', () => {
  test('sends everything as the body of one request, and gives its response', async () => {
    const sink = toFetch(url, { as: 'stream', method: 'PUT', headers: { 'x-name': 'tide' } });
    await pipeline(slices(1000), sink);
    assert.equal(await (await sink.response).text(), 'done');
    const [{ method, headers, body }, ...more] = requests;
    assert.deepEqual([method, headers['x-name'], more.length], ['PUT', 'tide', 0]);
    assert.deepEqual(body, content);
  });

  test('sends strings, and nothing at all', async () => {
    await pipeline(['ebb ', 'and flöw'], toFetch(url, { as: 'stream' }));
    await pipeline([], toFetch(url, { as: 'stream' }));
    assert.deepEqual(
      requests.map(({ body }) => String(body)),
      ['ebb and flöw', ''],
    );
  });

  test('holds the source back while the server does not read', async () => {
    let made = 0;
    let go;
    answer = () => ({ pause: new Promise((resolve) => void (go = resolve)) });
    const source = (function* () {
      for (; made < 1000;) {
        made += 1;
        yield new Uint8Array(65536);
      }
    })();
    const running = pipeline(source, toFetch(url, { as: 'stream' }));
    const stood = await standing(() => made);
    assert.ok(stood < 400, `${stood} chunks of 64 KiB were made while the server read nothing`);
    go();
    await running;
    assert.equal(requests[0].bytes, 1000 * 65536);
  });

  test('keeps nothing of what it has sent', async () => {
    let most = 0;
    const source = (function* () {
      for (let n = 0; n < 6000; n += 1) {
        most = Math.max(most, process.memoryUsage().arrayBuffers);
        yield new Uint8Array(65536);
      }
    })();
    answer = () => ({ forgets: true });
    await pipeline(source, toFetch(url, { as: 'stream' }));
    assert.equal(requests[0].bytes, 6000 * 65536);
    assert.ok(most < 200e6, `${most} bytes were held of ${6000 * 65536}`);
  });

  test('says what to do about a redirect, and follows a 303 where asked to', async () => {
    answer = ({ method }) => (method === 'GET' ? {} : { status: 303, headers: { location: '/done' } });
    await assert.rejects(pipeline(slices(1000), toFetch(url, { as: 'stream' })), {
      name: 'FetchError',
      message: /responded with a redirect; pass the final URL, or redirect: 'follow'/,
    });
    requests = [];
    const sink = toFetch(url, { as: 'stream', redirect: 'follow' });
    await pipeline(slices(1000), sink);
    assert.equal((await sink.response).url, new URL('/done', url).href);
    assert.deepEqual(requests[0].body, content);
  });

  test('fails with the status of an answer that is no success', async () => {
    answer = () => ({ status: 507 });
    const sink = toFetch(url, { as: 'stream' });
    await assert.rejects(
      pipeline(slices(1000), sink),
      (error) => error instanceof FetchError && error.status === 507 && /responded with 507/.test(error.message),
    );
    await assert.rejects(sink.response, { status: 507 });
  });

  test('fails when the server refuses before it has read all', async () => {
    answer = () => ({ status: 413, early: true });
    let made = 0;
    const source = (async function* () {
      for (;;) {
        made += 1;
        yield new Uint8Array(65536);
        await turn();
      }
    })();
    await assert.rejects(
      within(5000, pipeline(source, toFetch(url, { as: 'stream' }))),
      (error) => error.status === 413 || error instanceof TypeError,
    );
    const then = made;
    for (let n = 0; n < 5; n += 1) await turn();
    assert.equal(made, then);
  });

  test('ends the connection when the pipeline fails', async () => {
    const failing = (async function* () {
      yield 'x';
      await turn();
      throw broken;
    })();
    const sink = toFetch(url, { as: 'stream' });
    await assert.rejects(within(1000, pipeline(failing, sink)), (error) => error === broken);
    await assert.rejects(sink.response, (error) => error === broken);
    for (let n = 0; n < 100 && !(requests.length && requests.every(({ closed }) => closed)) && requests.length; n += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(requests.every(({ closed, body }) => closed && body === undefined));
  });

  test('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    answer = () => ({ pause: new Promise(() => {}) });
    const source = (function* () {
      for (;;) yield new Uint8Array(65536);
    })();
    const running = pipeline(source, toFetch(url, { as: 'stream', signal: controller.signal }));
    setTimeout(() => controller.abort(broken), 50);
    await assert.rejects(within(1000, running), (error) => error === broken);
  });
});

describe('toFetch() in parts', () => {
  const settings = { as: 'parts', partSize: 30_000, delay: 1 };
  const whole = () => Buffer.concat(requests.filter(({ body }) => body).map(({ body }) => body));

  for (const size of [1, 999, 30_000, 30_001, 100_000]) {
    test(`sends them of one size, numbered, whatever the chunks are: ${size}`, async () => {
      const sink = toFetch(url, settings);
      await pipeline(
        size === 1 ? slices(100_000).flatMap((all) => [all.subarray(0, 1), all.subarray(1)]) : slices(size),
        sink,
      );
      assert.deepEqual(
        requests.map(({ headers }) => headers['content-range']),
        ['bytes 0-29999/*', 'bytes 30000-59999/*', 'bytes 60000-89999/*', 'bytes 90000-99999/100000'],
      );
      assert.deepEqual(whole(), content);
      assert.equal(await (await sink.response).text(), 'done');
    });
  }

  test('sends a last part that is full as the last, and nothing as one empty part', async () => {
    await pipeline([content.subarray(0, 60_000)], toFetch(url, settings));
    await pipeline([], toFetch(url, settings));
    assert.deepEqual(
      requests.map(({ headers, bytes }) => [headers['content-range'], bytes]),
      [
        ['bytes 0-29999/*', 30_000],
        ['bytes 30000-59999/60000', 30_000],
        ['bytes */0', 0],
      ],
    );
  });

  test('asks where each goes', async () => {
    const part = ({ index, last }) => ({ url: `${url}/${index}${last ? '?last' : ''}`, method: 'PUT' });
    await pipeline(slices(999), toFetch(url, { ...settings, part }));
    assert.deepEqual(
      requests.map((request) => `${request.method} ${request.url}`),
      ['PUT /upload/0', 'PUT /upload/1', 'PUT /upload/2', 'PUT /upload/3?last'],
    );
  });

  for (const [what, plan] of [
    ['answered with 503', { status: 503 }],
    ['answered with 429', { status: 429 }],
    ['answered with 408', { status: 408 }],
    ['answered with 425', { status: 425 }],
    ['cut off', { destroyAfter: 1 }],
  ]) {
    test(`sends a part again that was ${what}, and loses and repeats nothing`, async () => {
      answer = (seen, index) => (index === 1 || index === 2 ? plan : {});
      await pipeline(slices(7000), toFetch(url, settings));
      const landed = requests.filter((request, index) => index !== 1 && index !== 2);
      assert.equal(requests.length, 6);
      assert.deepEqual(Buffer.concat(landed.map(({ body }) => body)), content);
    });
  }

  test('gives up after as many tries as it may', async () => {
    answer = (seen, index) => (index >= 1 ? { status: 503 } : {});
    await assert.rejects(
      pipeline(slices(7000), toFetch(url, { ...settings, retries: 2 })),
      (error) =>
        error instanceof FetchError &&
        /responded with 503 Service Unavailable to part 1, and no retries are left/.test(error.message),
    );
    assert.equal(requests.length, 1 + 3);
  });

  test('does not try again what was refused', async () => {
    answer = () => ({ status: 403 });
    await assert.rejects(pipeline(slices(7000), toFetch(url, settings)), { name: 'FetchError', status: 403 });
    assert.equal(requests.length, 1);
  });

  test('holds one part and no more while the server does not answer', async () => {
    let made = 0;
    answer = () => ({ pause: new Promise(() => {}) });
    const controller = new AbortController();
    const source = (function* () {
      for (;;) {
        made += 1;
        yield new Uint8Array(1000);
      }
    })();
    const running = pipeline(source, toFetch(url, settings), { signal: controller.signal });
    running.catch(() => {});
    const stood = await standing(() => made);
    assert.ok(stood >= 30 && stood <= 34, `${stood} KB were made for parts of 30`);
    controller.abort(broken);
    await assert.rejects(within(1000, running), (error) => error === broken);
  });
});

describe('toFetch() that collects', () => {
  test('sends everything in one request once it is there', async () => {
    const sink = toFetch(url, { as: 'collect', method: 'PUT' });
    await pipeline([...slices(1000), 'é'], sink);
    assert.equal(await (await sink.response).text(), 'done');
    const [{ method, headers, body }, ...more] = requests;
    assert.deepEqual(
      [method, headers['content-length'], headers['content-range'], more.length],
      ['PUT', '100002', undefined, 0],
    );
    assert.deepEqual(body, Buffer.concat([content, Buffer.from('é')]));
  });

  test('keeps copies, so a producer may use its buffer again', async () => {
    for (const size of [100, 2_000_000]) {
      requests = [];
      const buffer = new Uint8Array(size);
      await pipeline(
        (function* () {
          for (let n = 1; n <= 3; n += 1) yield buffer.fill(n);
        })(),
        toFetch(url, { as: 'collect' }),
      );
      assert.deepEqual(
        [1, 2, 3].map((n) => requests[0].body[(n - 1) * size]),
        [1, 2, 3],
      );
    }
  });

  test('sends nothing at all as an empty body', async () => {
    await pipeline([], toFetch(url, { as: 'collect' }));
    assert.deepEqual(
      requests.map(({ bytes }) => bytes),
      [0],
    );
  });

  test('holds no more than its cap, and sends nothing then', async () => {
    let made = 0;
    const source = (function* () {
      for (;;) {
        made += 1;
        yield new Uint8Array(1000);
      }
    })();
    await assert.rejects(pipeline(source, toFetch(url, { as: 'collect', cap: 10_000 })), {
      name: 'RangeError',
      message: /^toFetch\(\): received more than the 10000 bytes that cap allows in memory/,
    });
    assert.ok(made < 15, `${made} KB were made`);
    assert.equal(requests.length, 0);
  });

  test('fails with the status of an answer that is no success', async () => {
    answer = () => ({ status: 507 });
    await assert.rejects(
      pipeline(slices(1000), toFetch(url, { as: 'collect' })),
      (error) => error instanceof FetchError && error.status === 507,
    );
  });

  test('ends with the reason of its signal while the server does not answer', async () => {
    answer = () => ({ pause: new Promise(() => {}) });
    const controller = new AbortController();
    const running = pipeline(slices(1000), toFetch(url, { as: 'collect', signal: controller.signal }));
    setTimeout(() => controller.abort(broken), 50);
    await assert.rejects(within(1000, running), (error) => error === broken);
  });
});

for (const as of ['stream', 'collect', 'parts']) {
  describe(`toFetch() with as: '${as}'`, () => {
    test('keeps what the server said for the error', async () => {
      answer = () => ({ status: 422, text: 'what is missing' });
      const error = await pipeline(slices(1000), toFetch(url, { as })).catch((reason) => reason);
      assert.deepEqual([error.name, error.status, await error.response.text()], ['FetchError', 422, 'what is missing']);
    });

    test('with stallTimeout fails when the server is silent', async () => {
      answer = () => ({ pause: new Promise(() => {}) });
      const running = pipeline(['x'], toFetch(url, { as, stallTimeout: 100, retries: 0 }));
      await assert.rejects(
        within(5000, running),
        (error) =>
          error instanceof FetchError && /was silent for 100 ms \(stallTimeout\)/.test((error.cause ?? error).message),
      );
      for (let n = 0; n < 100 && !requests.every(({ closed }) => closed); n += 1)
        await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(
        requests.every(({ closed }) => closed),
        'the connection was left open',
      );
    });

    test('with stallTimeout goes on while the source is slow', async () => {
      const slow = async function* () {
        for (let n = 0; n < 3; n += 1) {
          await new Promise((resolve) => setTimeout(resolve, 300));
          yield 'x';
        }
      };
      await pipeline(slow(), toFetch(url, { as, stallTimeout: 200 }));
      assert.equal(String(requests[0].body), 'xxx');
    });
  });
}

test('toFetch() in parts sends a part again that got no answer within stallTimeout', async () => {
  answer = (seen, index) => (index === 0 ? { pause: new Promise(() => {}) } : {});
  await pipeline(slices(7000), toFetch(url, { as: 'parts', stallTimeout: 200, delay: 1 }));
  assert.deepEqual(requests.map(({ bytes }) => bytes).slice(1), [100_000]);
});

test('toFetch() in parts waits as long as Retry-After says, and fails where that is too long', async () => {
  answer = (seen, index) => (index === 0 ? { status: 503, headers: { 'retry-after': '1' } } : {});
  const begin = performance.now();
  await pipeline(slices(7000), toFetch(url, { as: 'parts', delay: 1 }));
  assert.ok(performance.now() - begin >= 950);
  answer = () => ({ status: 503, headers: { 'retry-after': '3600' } });
  await assert.rejects(pipeline(slices(7000), toFetch(url, { as: 'parts', delay: 1 })), {
    name: 'FetchError',
    message: /asks to wait 3600 seconds/,
  });
});

test('toFetch() in parts doubles its waits up to two minutes, however often it retries', async (t) => {
  answer = (seen, index) => (index < 4 ? { status: 503 } : {});
  const waits = [];
  const { setTimeout } = globalThis;
  t.mock.method(globalThis, 'setTimeout', (callback, milliseconds, ...rest) => {
    if (milliseconds < 50_000) return setTimeout(callback, milliseconds, ...rest);
    waits.push(milliseconds);
    return setTimeout(callback, 0, ...rest);
  });
  await pipeline(slices(7000), toFetch(url, { as: 'parts', retries: 4, delay: 50_000, stallTimeout: Infinity }));
  assert.deepEqual(waits, [50_000, 100_000, 120_000, 120_000]);
});

describe('toFetch() by itself', () => {
  test('makes one request where parts are not asked for, whatever partSize says', async () => {
    await pipeline(slices(7000), toFetch(url, { partSize: 30_000 }));
    assert.deepEqual(
      requests.map(({ headers, bytes }) => [headers['content-range'], bytes]),
      [[undefined, 100_000]],
    );
  });

  test('sends parts where part is given', async () => {
    await pipeline(
      slices(7000),
      toFetch(url, { partSize: 30_000, part: ({ index }) => ({ headers: { 'x-part': String(index) } }) }),
    );
    assert.deepEqual(
      requests.map(({ headers }) => headers['x-part']),
      ['0', '1', '2', '3'],
    );
  });

  test('refuses what it cannot do', () => {
    assert.throws(() => toFetch(5), {
      name: 'TypeError',
      message: 'toFetch(): the first argument must be a URL; got number',
    });
    assert.throws(() => toFetch(url, { as: 'pieces' }), TypeError);
    assert.throws(() => toFetch(url, { partSize: 0 }), RangeError);
    assert.throws(() => toFetch(url, { stallTimeout: 0 }), RangeError);
  });
});
