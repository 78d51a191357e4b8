/** `fromFetch()` in windows: ranges in order, a few under way, of one version, and one body where the server gives no parts. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fromFetch, pipeline, toArray, toBytes } from 'tidegate';
import { startProxy } from './delaying-proxy.mjs';
import { startServer } from './misbehaving-server.mjs';

const WINDOW = 65_536;
const FILE = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 7 + (at >> 8)) & 255));
const HASH = createHash('sha256').update(FILE).digest('hex');
const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex');
const fast = { delay: 1, window: WINDOW };
const windowsOf = (length) => Math.ceil(length / WINDOW);

const refused = (promise, message) =>
  promise.then(
    () => assert.fail('it did not fail'),
    (error) => {
      assert.equal(error.name, 'FetchError', error.stack);
      assert.match(error.message, message);
      return error;
    },
  );

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

/** Sends the requested range, or what `change` makes of it. */
const sends =
  (change = () => {}, file = FILE) =>
  (request, response, number) => {
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const whole = first === undefined;
    const end = whole ? file.length : Math.min(file.length, last === '' ? Infinity : Number(last) + 1);
    const reply = {
      status: whole ? 200 : 206,
      headers: { etag: '"1"', ...(whole ? {} : { 'content-range': `bytes ${first}-${end - 1}/${file.length}` }) },
      body: file.subarray(whole ? 0 : Number(first), end),
    };
    if (change(reply, number, request) === false) return request.socket.destroy();
    response.writeHead(reply.status, { 'content-length': reply.body.length, ...reply.headers });
    if (reply.cut === undefined) response.end(reply.body);
    else response.write(reply.body.subarray(0, reply.cut), () => setTimeout(() => response.destroy(), 20));
  };

test('the file comes whole, in windows', async () => {
  const { url, seen } = server.serve(sends());
  assert.equal(hashOf(await toBytes(fromFetch(url, fast))), HASH);
  assert.equal(seen.length, windowsOf(FILE.length));
  assert.deepEqual(
    [
      seen[0].range,
      ...seen
        .slice(1, 3)
        .map(({ range }) => range)
        .sort(),
    ],
    ['bytes=0-65535', 'bytes=131072-196607', 'bytes=65536-131071'],
  );
  assert.equal(seen.at(-1).range, `bytes=983040-999999`);
});

test('every length near the ends of windows comes whole, an empty one as well', async () => {
  for (const length of [0, 1, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW, 2 * WINDOW + 1]) {
    const file = FILE.subarray(0, length);
    const { url } = server.serve((request, response, number) => {
      if (length > 0) return sends(undefined, file)(request, response, number);
      response.writeHead(request.headers.range === undefined ? 200 : 416, { 'content-range': 'bytes */0' }).end();
    });
    for (const connections of [1, 2, 5])
      assert.equal(hashOf(await toBytes(fromFetch(url, { ...fast, connections }))), hashOf(file), `${length} bytes`);
  }
});

test('not more than `connections` windows have been requested and not been read', async () => {
  for (const connections of [1, 2, 4]) {
    const { url, seen } = server.serve(sends());
    let received = 0;
    for await (const chunk of fromFetch(url, { ...fast, connections })) {
      received += chunk.length;
      const open = seen.length - Math.floor((received - chunk.length) / WINDOW);
      assert.ok(open <= connections, `${open} of ${connections} at byte ${received}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(received, FILE.length);
  }
});

test('a consumer that stops stops the requests, and finds everything when it goes on', async () => {
  const { url, seen } = server.serve(sends());
  const reader = fromFetch(url, fast).getReader();
  const parts = [(await reader.read()).value];
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(seen.length, 2);
  for (let result; !(result = await reader.read()).done;) parts.push(result.value);
  assert.equal(hashOf(Buffer.concat(parts)), HASH);
});

test('a window whose connection breaks is resumed, and all windows share the retries', async () => {
  const cuts = (most) => {
    let count = 0;
    return sends((reply, number) => {
      if (number > 3 && count < most) {
        count += 1;
        reply.cut = 30_000;
      }
    });
  };
  const { url } = server.serve(cuts(3));
  assert.equal(hashOf(await toBytes(fromFetch(url, fast))), HASH);
  const more = server.serve(cuts(5));
  await refused(
    toBytes(fromFetch(more.url, { ...fast, connections: 1 })),
    /broke off after \d{6} bytes .* no retries are left/,
  );
});

test('the first window is requested again if its connection breaks before or in its body', async () => {
  for (const cut of [false, 0, 1000]) {
    const { url, seen } = server.serve(
      sends((reply, number) => {
        if (number > 1) return;
        if (cut === false) return false;
        reply.cut = cut;
      }),
    );
    assert.equal(hashOf(await toBytes(fromFetch(url, fast))), HASH, String(cut));
    assert.ok(seen.slice(1).some(({ range }) => /^bytes=\d+-65535$/.test(range)));
  }
});

test('smaller parts than were asked for are put together', async () => {
  const { url } = server.serve(
    sends((reply) => {
      const [, first] = /bytes (\d+)/.exec(reply.headers['content-range']);
      reply.body = reply.body.subarray(0, 50_000);
      reply.headers['content-range'] = `bytes ${first}-${Number(first) + reply.body.length - 1}/${FILE.length}`;
    }),
  );
  assert.equal(hashOf(await toBytes(fromFetch(url, fast))), HASH);
});

const WHOLE = {
  'ignores the range': (reply) => {
    reply.status = 200;
    reply.body = FILE;
    delete reply.headers['content-range'];
  },
  'sends no validator': (reply) => {
    delete reply.headers.etag;
  },
  'has a weak one only': (reply) => {
    reply.headers.etag = 'W/"1"';
  },
  'does not say how long the file is': (reply) => {
    if (reply.status === 206) reply.headers['content-range'] = reply.headers['content-range'].replace(/\d+$/, '*');
  },
  'gives another part': (reply) => {
    if (reply.status === 206) reply.headers['content-range'] = 'bytes 1-65536/1000000';
  },
  'says that no range can be satisfied': (reply) => {
    if (reply.status === 206) Object.assign(reply, { status: 416, body: Buffer.alloc(0) });
  },
  'refuses requests with a range': (reply) => {
    if (reply.status === 206) Object.assign(reply, { status: 400, body: Buffer.alloc(0) });
  },
  'knows no ranges': (reply) => {
    if (reply.status === 206) Object.assign(reply, { status: 501, body: Buffer.alloc(0) });
  },
  'sends more than its range says': (reply) => {
    if (reply.status === 206) reply.body = FILE.subarray(0, 65_537);
  },
  'sends several parts': (reply) => {
    if (reply.status !== 206) return;
    delete reply.headers['content-range'];
    reply.headers['content-type'] = 'multipart/byteranges; boundary=x';
  },
};
for (const [what, change] of Object.entries(WHOLE)) {
  test(`a server that ${what} sends everything in one body`, async () => {
    const { url, seen } = server.serve(sends(change));
    const responses = [];
    const onResponse = ({ status }) => void responses.push(status);
    assert.equal(hashOf(await toBytes(fromFetch(url, { ...fast, onResponse }))), HASH);
    assert.deepEqual(responses, [200]);
    assert.ok(seen.length <= 2);
    if (seen.length === 2) assert.equal(seen[1].range, undefined);
  });
}

test('a file that changes between two windows fails the download, whatever shows it', async () => {
  const changes = [
    (reply) => (reply.headers.etag = '"2"'),
    (reply) => delete reply.headers.etag,
    (reply) => (reply.headers['content-range'] = reply.headers['content-range'].replace('/1000000', '/1000001')),
    (reply) => Object.assign(reply, { status: 200, headers: { etag: '"2"' }, body: FILE }),
  ];
  for (const change of changes) {
    const { url } = server.serve(sends((reply, number) => void (number > 4 && change(reply))));
    const error = await refused(
      toBytes(fromFetch(url, fast)),
      /has changed since the download began|without the ETag of the first response/,
    );
    assert.equal(typeof (await error.response.text()), 'string');
  }
});

test('a response that is no success fails with its status, in the first window or a later one', async () => {
  for (const [from, status] of [
    [1, 404],
    [3, 403],
  ]) {
    const { url } = server.serve(sends((reply, number) => void (number >= from && (reply.status = status))));
    assert.equal((await refused(toBytes(fromFetch(url, fast)), /responded with/)).status, status);
  }
});

test("a caller's own range is read in windows, and one that is no longer than a window is not", async () => {
  const { url, seen } = server.serve(sends());
  const read = (range) => toBytes(fromFetch(url, { ...fast, headers: { range } }));
  assert.deepEqual(Buffer.from(await read('bytes=100-299999')), FILE.subarray(100, 300_000));
  assert.equal(seen[0].range, 'bytes=100-65635');
  const before = seen.length;
  assert.deepEqual(Buffer.from(await read('bytes=7-65542')), FILE.subarray(7, 65_543));
  assert.equal(seen.length, before + 1);
  assert.deepEqual(Buffer.from(await read('bytes=900000-')), FILE.subarray(900_000));
});

test('the progress of a pipeline has the total of the file', async () => {
  const { url } = server.serve(sends());
  const totals = new Set();
  await pipeline(fromFetch(url, fast), toArray, { onProgress: ({ total }) => totals.add(total) });
  assert.deepEqual([...totals], [FILE.length]);
});

test('onResponse is called once, with the first part', async () => {
  const { url } = server.serve(sends());
  const seen = [];
  await toBytes(
    fromFetch(url, {
      ...fast,
      onResponse: ({ status, headers }) => void seen.push([status, headers.get('content-range')]),
    }),
  );
  assert.deepEqual(seen, [[206, 'bytes 0-65535/1000000']]);
});

test('cancelling, and the signal, end every connection', async () => {
  for (const way of ['cancel', 'signal']) {
    let open = 0;
    const { url } = server.serve((request, response, number) => {
      open += 1;
      response.on('close', () => (open -= 1));
      sends((reply) => {
        if (number > 1) reply.cut = 1000;
      })(
        request,
        {
          ...response,
          writeHead: (...args) => response.writeHead(...args),
          end: (body) => response.end(body),
          write: (body) => response.write(body),
          destroy() {},
        },
        number,
      );
    });
    const stop = new AbortController();
    const reader = fromFetch(url, { ...fast, connections: 3, signal: stop.signal }).getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const reason = new Error('enough');
    if (way === 'cancel') await reader.cancel(reason);
    else {
      stop.abort(reason);
      await assert.rejects(reader.closed, (error) => error === reason);
    }
    for (let wait = 0; open > 0 && wait < 200; wait++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(open, 0, way);
  }
});

test('a Request is read in windows, with its headers', async () => {
  const { url, seen } = server.serve(sends());
  assert.equal(hashOf(await toBytes(fromFetch(new Request(url, { headers: { 'x-key': 'k' } }), fast))), HASH);
  assert.deepEqual([...new Set(seen.map(({ headers }) => headers['x-key']))], ['k']);
});

test('a POST is sent once, without a range', async () => {
  const { url, seen } = server.serve(sends());
  assert.equal(hashOf(await toBytes(fromFetch(url, { ...fast, method: 'POST', body: 'x' }))), HASH);
  assert.deepEqual(
    seen.map(({ range }) => range),
    [undefined],
  );
});

test('a window or a number of connections that cannot be is refused', () => {
  assert.throws(() => fromFetch('http://localhost/', { window: 1000 }), {
    name: 'RangeError',
    message: /window must be a whole number of at least 65536; got 1000/,
  });
  assert.throws(() => fromFetch('http://localhost/', { connections: 0 }), {
    name: 'RangeError',
    message: /connections must be a whole number of at least 1; got 0/,
  });
});

test('over a distant network four connections are at least twice as fast as one', async (context) => {
  const { url } = server.serve(sends());
  const { port, pathname } = new URL(url);
  const proxy = await startProxy(port, 50);
  context.after(() => proxy.close());
  const far = new URL(pathname, proxy.url);
  const time = async (connections) => {
    const began = performance.now();
    assert.equal(hashOf(await toBytes(fromFetch(far, { ...fast, connections }))), HASH);
    return performance.now() - began;
  };
  await time(1); // so that all of them find a warm engine
  const [one, four] = [await time(1), await time(4)];
  assert.ok(one >= 2 * four, `${Math.round(one)} and ${Math.round(four)} ms`);
});

test('a window that nobody reads yet waits for the network as long as it takes', async () => {
  let busy = Promise.resolve();
  const { url } = server.serve((request, response, number) => {
    // One response at a time, as where a browser has no more connections.
    busy = busy.then(() => {
      sends()(request, response, number);
      return new Promise((resolve) => response.on('close', resolve));
    });
  });
  const reader = fromFetch(url, { ...fast, window: 4e5, connections: 3, stallTimeout: 100, retries: 0 }).getReader();
  const parts = [(await reader.read()).value];
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (let result; !(result = await reader.read()).done;) parts.push(result.value);
  assert.equal(hashOf(Buffer.concat(parts)), HASH);
});

test('a window that fails before it is read is tried again when it is', async () => {
  const { url } = server.serve(sends((reply, number) => (number === 3 || number === 4 ? false : undefined)));
  const reader = fromFetch(url, { ...fast, connections: 3, retries: 2 }).getReader();
  const parts = [(await reader.read()).value];
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let result; !(result = await reader.read()).done;) parts.push(result.value);
  assert.equal(hashOf(Buffer.concat(parts)), HASH);
});

test('a window that is silent while it is read fails after stallTimeout', async () => {
  const { url } = server.serve((request, response, number) => {
    if (number < 3) sends()(request, response, number);
  });
  await refused(
    toBytes(fromFetch(url, { ...fast, stallTimeout: 100, retries: 0 })),
    /no data arrived for 100 ms \(stallTimeout\)/,
  );
});

test('integrity is that of the whole file, which is requested at once then', async () => {
  const { url, seen } = server.serve(sends());
  const integrity = `sha256-${createHash('sha256').update(FILE).digest('base64')}`;
  assert.equal(hashOf(await toBytes(fromFetch(url, { ...fast, integrity }))), HASH);
  assert.equal(hashOf(await toBytes(fromFetch(new Request(url, { integrity }), fast))), HASH);
  assert.deepEqual(
    seen.map(({ range }) => range),
    [undefined, undefined],
  );
});

test('a server that sends the whole file for a later window is asked for the rest once', async () => {
  const { url, seen } = server.serve(
    sends((reply, number) => {
      if (number < 3) return;
      Object.assign(reply, { status: 200, body: FILE, headers: { etag: '"1"' } });
    }),
  );
  assert.equal(hashOf(await toBytes(fromFetch(url, fast))), HASH);
  assert.ok(seen.length <= 5, `${seen.length} requests`);
});

test('a file that is shorter now fails as one that has changed', async () => {
  const { url } = server.serve(
    sends((reply, number) => {
      if (number < 3) return;
      Object.assign(reply, { status: 416, body: Buffer.alloc(0), headers: { 'content-range': 'bytes */70000' } });
    }),
  );
  await refused(toBytes(fromFetch(url, fast)), /has changed since the download began/);
});
