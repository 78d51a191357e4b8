/** The polyfill's edges with calls that are unusual and yet right, or wrong and yet harmless: what the engine alone does with them. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { pipeline, toFetch } from 'tidegate';

const { install, uninstall } = await import('tidegate/polyfill');

const encode = (text) => new TextEncoder().encode(text);
const isDataCloneError = (error) => error instanceof DOMException && error.name === 'DataCloneError';

/** A stream of bytes of the class that is installed. */
const bytes = (...texts) =>
  new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(encode(text));
      controller.close();
    },
  });

async function textOf(stream) {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream) text += decoder.decode(chunk);
  return text;
}

let server;
let url;
before(async () => {
  server = createServer((request, response) =>
    request.url === '/echo' ? request.pipe(response) : response.end('high tide'),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}/`;
});
after(() => {
  server.close();
  server.closeAllConnections();
});

describe("with the classes installed, a stream of the engine's", () => {
  const NativeStream = ReadableStream;
  /** A stream of Node's with empty chunks between others. */
  const gaps = () => {
    const chunks = ['', 'high', '', '', ' tide', ''];
    return new NativeStream({
      pull(controller) {
        if (chunks.length > 0) controller.enqueue(encode(chunks.shift()));
        else controller.close();
      },
    });
  };
  beforeEach(() => void install({ force: true }));
  afterEach(uninstall);

  test('is a body, its empty chunks included', { timeout: 10_000 }, async () => {
    assert.equal(await new Response(gaps()).text(), 'high tide');
    assert.equal(await textOf(new Response(gaps()).body), 'high tide');
    const post = { method: 'POST', duplex: 'half' };
    assert.equal(await new Request(url, { ...post, body: gaps() }).text(), 'high tide');
    assert.equal(await (await fetch(new URL('/echo', url), { ...post, body: gaps() })).text(), 'high tide');
  });

  test('is no body once it is locked or was read', async () => {
    const locked = gaps();
    locked.getReader();
    assert.throws(() => new Response(locked), TypeError);
    const read = gaps();
    const reader = read.getReader();
    await reader.read();
    reader.releaseLock();
    assert.throws(() => new Response(read), TypeError);
  });

  test('is cancelled with its body', async () => {
    let cancelled = false;
    const body = new NativeStream({ cancel: () => void (cancelled = true) });
    await new Response(body).body.cancel('enough');
    assert.ok(cancelled);
  });

  test('of toFetch() is sent to its end', { timeout: 10_000 }, async () => {
    let response;
    await pipeline(
      ['high', ' tide'],
      toFetch(new URL('/echo', url), { method: 'POST', response: (given) => void (response = given) }),
    );
    assert.ok(response === undefined || response.ok);
  });
});

test('with the classes installed, fetch() of a stream passes on members that only the page knows', async () => {
  const { fetch } = globalThis;
  let seen;
  globalThis.fetch = (input, init) => {
    seen = { ...init, next: init.next };
    return fetch(input, init);
  };
  try {
    install({ force: true });
    const next = { revalidate: 60 };
    const body = bytes('a');
    const response = await globalThis.fetch(url, { method: 'POST', duplex: 'half', body, next });
    await response.text();
    assert.equal(seen.next, next);
  } finally {
    uninstall();
    globalThis.fetch = fetch;
  }
});

describe('with the classes installed, a body', () => {
  beforeEach(() => install({ force: true }));
  afterEach(uninstall);

  test('of a Request or a fetch without arguments is refused as the engine refuses it', async () => {
    assert.throws(() => new Request(), TypeError);
    await assert.rejects(fetch(), TypeError);
  });

  test('is asked of its options once', async () => {
    let asked = 0;
    const request = new Request('http://localhost/', {
      method: 'POST',
      duplex: 'half',
      get body() {
        return bytes(`body ${(asked += 1)}`);
      },
    });
    assert.equal(asked, 1);
    assert.equal(await textOf(request.body), 'body 1');
  });

  const made = {
    'of a stream': () => new Response(bytes('high ', 'tide')),
    'of a text': () => new Response('high tide'),
    'of a fetch': () => fetch(url),
  };
  for (const [what, make] of Object.entries(made)) {
    test(`${what} that text() reads is locked at once, and read whole`, async () => {
      const response = await make();
      const reading = response.text();
      assert.equal(response.body.locked, true);
      assert.throws(() => response.body.getReader(), TypeError);
      assert.equal(await reading, 'high tide');
    });

    test(`${what} that was looked at is locked at once when text() reads it`, async () => {
      const response = await make();
      const { body } = response;
      const reading = response.text();
      assert.equal(body.locked, true);
      assert.equal(await reading, 'high tide');
    });

    test(`${what} that was looked at is locked by clone()`, async () => {
      const response = await make();
      const { body } = response;
      const copy = response.clone();
      assert.ok(body.locked || response.body === body);
      assert.deepEqual(await Promise.all([textOf(copy.body), response.text()]), ['high tide', 'high tide']);
    });

    test(`${what} has been used once its stream has been read`, async () => {
      const response = await make();
      const reader = response.body.getReader();
      assert.equal(response.bodyUsed, false);
      await reader.read();
      assert.equal(response.bodyUsed, true);
    });
  }

  test('that is empty can be read any number of times', async () => {
    const response = new Response(null);
    assert.deepEqual([await response.text(), await response.text(), response.bodyUsed], ['', '', false]);
  });

  test('that a reader has is not for another Request, nor to be sent', async () => {
    const request = new Request(url, { method: 'POST', body: bytes('a'), duplex: 'half' });
    request.body.getReader();
    assert.throws(() => new Request(request), TypeError);
    await assert.rejects(fetch(request), TypeError);
  });

  test('of a clone reads the same, though its source uses its one chunk again', async () => {
    const chunk = encode('ab');
    let pulls = 0;
    const pull = (controller) => ((pulls += 1) > 3 ? controller.close() : controller.enqueue(chunk));
    const response = new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    const copy = response.clone();
    assert.deepEqual([await textOf(copy.body), await textOf(response.body)], ['ababab', 'ababab']);
  });

  test('passes over empty chunks of a stream that the engine made', async () => {
    uninstall();
    const native = bytes('high ', '', 'tide');
    const response = new Response(native);
    install({ force: true });
    assert.equal(await textOf(response.body), 'high tide');
  });
});

describe('with the classes installed, a message', () => {
  beforeEach(() => install({ force: true }));
  afterEach(uninstall);

  function post(message, ...rest) {
    const { port1, port2 } = new MessageChannel();
    const arrived = new Promise((resolve) => {
      port2.onmessage = ({ data, ports }) => {
        resolve({ data, ports });
        port2.close();
      };
    });
    port1.postMessage(message, ...rest);
    return arrived;
  }

  test('has the streams of the page in it', async () => {
    const stream = bytes('a');
    const { data } = await post({ list: [stream], map: new Map([[stream, { stream }]]) }, [stream]);
    assert.ok(data.list[0] instanceof ReadableStream);
    assert.equal(data.map.get(data.list[0]).stream, data.list[0]);
    assert.equal(await textOf(data.list[0]), 'a');
  });

  test('is sent with a transfer list that can be read once', async () => {
    for (const send of [
      (buffer, transfer) => structuredClone(buffer, { transfer }),
      (buffer, list) => post(buffer, list),
    ]) {
      const buffer = new ArrayBuffer(8);
      await send(
        buffer,
        (function* () {
          yield buffer;
        })(),
      );
      assert.equal(buffer.byteLength, 0);
    }
  });

  test('has the options of its clone asked once for the list', async () => {
    let asked = 0;
    const stream = bytes('a');
    const clone = structuredClone(stream, {
      get transfer() {
        asked += 1;
        return [stream];
      },
    });
    assert.equal(asked, 1);
    assert.equal(await textOf(clone), 'a');
  });

  test('is sent with its list though there is an argument too many', async () => {
    const stream = bytes('a');
    const { data } = await post({ stream }, [stream], undefined);
    assert.equal(await textOf(data.stream), 'a');
  });

  test('over a BroadcastChannel refuses a stream, as the engine does', () => {
    const channel = new BroadcastChannel('tidegate test');
    try {
      assert.throws(() => channel.postMessage({ deep: [bytes('a')] }), isDataCloneError);
    } finally {
      channel.close();
    }
  });

  test('that the page made itself has what the page put there', () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const throwing = new Proxy(
      {},
      {
        get() {
          throw new RangeError('hostile');
        },
      },
    );
    for (const data of [revoked.proxy, throwing]) assert.equal(new MessageEvent('message', { data }).data, data);
  });

  test('asks no object for what it has inherited, nor for its tag in vain', () => {
    class Odd {
      own = 1;
      get [Symbol.toStringTag]() {
        throw new RangeError('the tag');
      }
    }
    const get = () => {
      throw new RangeError('inherited');
    };
    Object.defineProperty(Odd.prototype, 'inherited', { enumerable: true, get });
    Odd.prototype.stream = bytes('a');
    assert.deepEqual(structuredClone({ odd: new Odd() }), { odd: { own: 1 } });
  });

  test('is looked through to its end though a getter in it makes a clone', () => {
    let deep = { stream: bytes('a') };
    for (let depth = 0; depth < 40; depth += 1) deep = { deep };
    const message = {
      get cloned() {
        return structuredClone({ a: { b: [] } });
      },
      deep,
    };
    assert.throws(() => structuredClone(message), isDataCloneError);
  });
});
