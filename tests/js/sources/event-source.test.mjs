/** fromEventSource(): the parser at every split point, and against a server that breaks off, ends, refuses and floods. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { fromEventSource, pipeline, take, toArray } from 'tidegate';
import { loadSource } from '../../../tools/build/load-source.mjs';
import { turn, within } from '../pipeline/pipeline-parts.mjs';

const { EventParser } = await loadSource('js/sources/event-parser');

const broken = new Error('broken');

describe('the parser of event streams', () => {
  const text =
    '\uFEFF: a comment\r\nid: 1\ndata: one\r\r\nevent:add\rdata:two\ndata\ndata: 2\n\nid\ndata:  three\n\nretry: 25\nretry: x\nid: a\0b\nevent: empty\n\ndata: never sent';
  const events = [
    { type: 'message', data: 'one', lastEventId: '1' },
    { type: 'add', data: 'two\n\n2', lastEventId: '1' },
    { type: 'message', data: ' three', lastEventId: '' },
  ];

  test('gives the events that are complete', () => {
    const parser = new EventParser();
    assert.deepEqual(parser.push(text), events);
    assert.equal(parser.retry, 25);
  });

  test('gives the same however the text is cut in two', () => {
    for (let at = 0; at <= text.length; at += 1) {
      const parser = new EventParser();
      assert.deepEqual([...parser.push(text.slice(0, at)), ...parser.push(text.slice(at))], events, `cut at ${at}`);
    }
  });

  test('gives the same one character at a time', () => {
    const parser = new EventParser();
    assert.deepEqual(
      [...text].flatMap((character) => parser.push(character)),
      events,
    );
  });

  test('drops what was not complete when a connection ends, but not the last id', () => {
    const parser = new EventParser();
    parser.push('id: 7\ndata: x\n\nid: 8\ndata: half');
    parser.reset();
    assert.deepEqual(parser.push('data: y\n\n'), [{ type: 'message', data: 'y', lastEventId: '7' }]);
  });

  const parsed = (pieces) => {
    const parser = new EventParser();
    return [
      pieces
        .flatMap((piece) => parser.push(piece))
        .map(({ type, data, lastEventId }) => `${type}|${data}|${lastEventId}`),
      parser.retry,
    ];
  };
  for (const [what, input, expected, retry] of [
    ['a second byte order mark as text', '\uFEFF\uFEFFdata: 1\n\ndata: 2\n\n', ['message|2|']],
    [
      'a byte order mark in the middle as text',
      'data: 1\n\n\uFEFFdata: 2\n\ndata: 3\n\n',
      ['message|1|', 'message|3|'],
    ],
    [
      'every line end',
      'data:1\rdata:2\ndata:3\r\ndata:4\r\r\ndata:5\r\n\rdata:6\n\r',
      ['message|1\n2\n3\n4|', 'message|5|', 'message|6|'],
    ],
    ['one space after the colon only', 'data: 1\ndata:  2\ndata:\t3\n\n', ['message|1\n 2\n\t3|']],
    [
      'data without a colon, and empty data',
      'data\n\ndata\ndata\n\ndata:\n\n',
      ['message||', 'message|\n|', 'message||'],
    ],
    [
      'names of fields by their case, and with nothing before',
      'Data: 1\n data: 2\ndata : 3\nDATA:4\n\ndata:5\n\n',
      ['message|5|'],
    ],
    [
      'an id that has a NUL not at all, and an empty one',
      'id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid\ndata: c\n\n',
      ['message|a|1', 'message|b|1', 'message|c|'],
    ],
    ['an id without data for the events after it', 'id: …\n\ndata: a\n\n', ['message|a|…']],
    ['a NUL in data as text', 'data: \0\n\n', ['message|\0|']],
    [
      'an empty type as message, and a type for one event only',
      'event\ndata: 1\n\nevent: x\ndata: 2\n\ndata: 3\n\n',
      ['message|1|', 'x|2|', 'message|3|'],
    ],
    ['a type without data not at all', 'event: x\n\ndata: 1\n\n', ['message|1|']],
    ['comments', ': a\n:\n:data: 1\n\ndata:2\n:b\n\n', ['message|2|']],
    ['no event that its stream ends in', 'data: 1\n\ndata: 2\n', ['message|1|']],
    [
      'a retry of ASCII digits',
      'retry: 10\nretry: -1\nretry: 1.5\nretry: 0x9\nretry:  7\nretry: ٣\nretry\nretry: 9 \n',
      [],
      10,
    ],
    ['a retry as large as a timer waits', 'retry: 99999999999\n', [], 2 ** 31 - 1],
    ['a retry beyond all numbers as that too', `retry: ${'9'.repeat(400)}\n`, [], 2 ** 31 - 1],
  ]) {
    test(`takes ${what}, wherever it is cut`, () => {
      assert.deepEqual(parsed([input]), [expected, retry]);
      for (let at = 1; at < input.length; at += 1)
        assert.deepEqual(parsed([input.slice(0, at), '', input.slice(at)]), [expected, retry], `cut at ${at}`);
      assert.deepEqual(parsed([...input]), [expected, retry]);
    });
  }

  test('gives the events before one that is too long, wherever they are cut, and keeps nothing of comments', () => {
    const long = `data: 1\n\n:${'c'.repeat(17 << 20)}\ndata: 2\n\n${`data: ${'x'.repeat(1 << 20)}\n`.repeat(17)}\ndata: 3\n\n`;
    for (const size of [long.length, 100_000]) {
      const parser = new EventParser();
      const given = [];
      assert.throws(() => {
        for (let at = 0; at < long.length + size; at += size) given.push(...parser.push(long.slice(at, at + size)));
      }, RangeError);
      assert.deepEqual(
        given.map(({ data }) => data),
        ['1', '2'],
      );
    }
  });

  test('refuses an event without end', () => {
    const parser = new EventParser();
    assert.throws(() => {
      for (let n = 0; n < 20; n += 1) parser.push('x'.repeat(1 << 20));
    }, RangeError);
  });
});

describe('fromEventSource() of a URL', () => {
  let server;
  let url;
  let requests = [];
  let serveEvents;

  before(async () => {
    server = createServer((request, response) => {
      const seen = { lastEventId: request.headers['last-event-id'], bytes: 0, closed: false };
      requests.push(seen);
      response.on('close', () => void (seen.closed = true));
      serveEvents(response, seen, requests.length - 1);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${server.address().port}/events`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  afterEach(() => void (requests = []));

  const begin = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' });

  test('with stallTimeout takes a connection on which nothing comes for a broken one, before the headers too', async () => {
    serveEvents = (response, seen, number) => {
      if (number === 1) return;
      begin(response);
      response.write(`id: ${number}\ndata: ${number}\n\n`);
    };
    const events = await within(
      5000,
      toArray(fromEventSource(url, { delay: 1, stallTimeout: 100 }).pipeThrough(take(2))),
    );
    assert.deepEqual(
      events.map(({ data }) => data),
      ['0', '2'],
    );
    assert.deepEqual(
      requests.map(({ lastEventId }) => lastEventId),
      [undefined, '0', '0'],
    );
  });

  test('with stallTimeout does not count the time in which the consumer pauses', async () => {
    serveEvents = (response) => {
      begin(response);
      response.write('data: one\n\n');
      setTimeout(() => response.write('data: two\n\n'), 30);
    };
    const reader = fromEventSource(url, { retries: 0, stallTimeout: 150 }).getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal((await reader.read()).value.data, 'two');
    await reader.cancel();
    assert.equal(requests.length, 1);
  });

  test('keeps what the server said for the error', async () => {
    serveEvents = (response) => response.writeHead(403).end('not you');
    const error = await toArray(fromEventSource(url)).then(
      () => assert.fail(),
      (reason) => reason,
    );
    assert.deepEqual([error.status, await error.response.text()], [403, 'not you']);
  });

  test('goes on after a broken connection with what follows the last event, losing and repeating nothing', async () => {
    serveEvents = (response, seen) => {
      begin(response);
      const from = Number(seen.lastEventId ?? -1) + 1;
      for (let n = from; n < from + 10; n += 1) response.write(`id: ${n}\ndata: ${n}\n\n`);
      response.write('id: 999\ndata: half');
      setTimeout(() => response.destroy(), 5);
    };
    const received = await toArray(fromEventSource(url, { delay: 1 }).pipeThrough(take(35)));
    assert.deepEqual(
      received.map(({ data }) => Number(data)),
      Array.from({ length: 35 }, (_, n) => n),
    );
    assert.deepEqual(
      requests.map(({ lastEventId }) => lastEventId),
      [undefined, '9', '19', '29'],
    );
  });

  test('reads the bytes of a stream as UTF-8, wherever they are cut on their way', async () => {
    const sent = Buffer.concat([
      Buffer.from('\uFEFFid: é…\r\ndata: 潮🌊\r\n\r\ndata: '),
      Buffer.of(0xff, 0xe2, 0x82),
      Buffer.from('\n\nevent: e\rdata: 2\r\r'),
    ]);
    serveEvents = (response, seen, n) => {
      begin(response);
      response.flushHeaders();
      response.write(sent.subarray(0, n % (sent.length + 1)));
      setTimeout(() => response.end(sent.subarray(n % (sent.length + 1))), 2);
    };
    await Promise.all(
      Array.from({ length: sent.length + 1 }, async () => {
        const received = await toArray(fromEventSource(url, { delay: 1 }).pipeThrough(take(3)));
        assert.deepEqual(
          received.map(({ type, data, lastEventId }) => [type, data, lastEventId]),
          [
            ['message', '潮🌊', 'é…'],
            ['message', '\uFFFD\uFFFD', 'é…'],
            ['e', '2', 'é…'],
          ],
        );
      }),
    );
  });

  test('says the last id in UTF-8 when it connects again, and keeps it where the next connection names none', async () => {
    serveEvents = (response, seen, n) =>
      n < 3
        ? begin(response).end(n === 0 ? 'retry: 1\nid: …\ndata: x\n\n' : 'data: y\n\n')
        : response.writeHead(204).end();
    const received = await toArray(fromEventSource(url));
    assert.deepEqual(
      received.map(({ data, lastEventId }) => [data, lastEventId]),
      [
        ['x', '…'],
        ['y', '…'],
        ['y', '…'],
      ],
    );
    assert.deepEqual(
      requests.map(({ lastEventId }) => lastEventId && Buffer.from(lastEventId, 'latin1').toString()),
      [undefined, '…', '…', '…'],
    );
  });

  test('connects no more often than a server says whose retry is beyond what timers wait', async () => {
    serveEvents = (response) => begin(response).end('retry: 99999999999\ndata: x\n\n');
    const reader = fromEventSource(url).getReader();
    await reader.read();
    const next = reader.read().catch((error) => error);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(requests.length, 1);
    await reader.cancel();
    await next;
  });

  for (const [type, taken] of [
    ['text/event-stream', true],
    ['Text/Event-Stream', true],
    ['text/event-stream;charset=windows-1252', true],
    ['text/event-stream ; a="b,c"', true],
    ['text/html, text/event-stream', true],
    ['text/event-stream, */*', true],
    ['text/event-stream, text/html', false],
    ['text/event-streams', false],
    ['text/plain; x="text/event-stream"', false],
    ['', false],
  ]) {
    test(`${taken ? 'takes' : 'refuses'} the content type '${type}'`, async () => {
      serveEvents = (response, seen, n) =>
        n === 0
          ? response.writeHead(200, { 'content-type': type }).end('retry: 1\ndata: é\n\n')
          : response.writeHead(204).end();
      const running = toArray(fromEventSource(url));
      if (taken)
        assert.deepEqual(
          (await running).map(({ data }) => data),
          ['é'],
        );
      else await assert.rejects(running, { name: 'FetchError', message: /a type other than text\/event-stream/ });
    });
  }

  test('follows a redirect, and asks the first address again when it connects again', async () => {
    const paths = [];
    const seenBefore = server.listeners('request').length;
    const onRequest = ({ url: path }) => paths.push(path);
    server.prependListener('request', onRequest);
    try {
      serveEvents = (response, seen, n) => {
        if (n === 0 || n === 2) response.writeHead(307, { location: '/elsewhere' }).end();
        else if (n === 1) begin(response).end('retry: 1\nid: 4\ndata: x\n\n');
        else response.writeHead(204).end();
      };
      assert.equal((await toArray(fromEventSource(url))).length, 1);
      assert.deepEqual(paths, ['/events', '/elsewhere', '/events', '/elsewhere']);
      assert.deepEqual(
        requests.map(({ lastEventId }) => lastEventId),
        [undefined, undefined, '4', '4'],
      );
    } finally {
      server.off('request', onRequest);
    }
    assert.equal(server.listeners('request').length, seenBefore);
  });

  test('gives a chunk of two hundred thousand events', async () => {
    serveEvents = (response, seen, n) =>
      n === 0 ? begin(response).end('data\n\n'.repeat(200_000)) : response.writeHead(204).end();
    assert.equal((await toArray(fromEventSource(url, { delay: 1 }))).length, 200_000);
  });

  test('ends when the server answers 204', async () => {
    serveEvents = (response, seen, n) => {
      if (n === 1) response.writeHead(204).end();
      else begin(response).end('retry: 1\ndata: x\n\n');
    };
    assert.deepEqual(await toArray(fromEventSource(url)), [{ type: 'message', data: 'x', lastEventId: '' }]);
  });

  test('gives the events that were asked for', async () => {
    serveEvents = (response, seen, n) =>
      n === 0
        ? begin(response).end('retry: 1\nevent: a\ndata: 1\n\ndata: 2\n\nevent: b\ndata: 3\n\n')
        : response.writeHead(204).end();
    assert.deepEqual(
      (await toArray(fromEventSource(url, { events: ['a', 'b'] }))).map(({ data }) => data),
      ['1', '3'],
    );
  });

  for (const [what, status, headers, message] of [
    ['no success', 404, {}, /responded with 404/],
    ['something else', 200, { 'content-type': 'text/html' }, /responded with a type other than text\/event-stream/],
  ]) {
    test(`fails for an answer that is ${what}`, async () => {
      serveEvents = (response) => response.writeHead(status, headers).end('no');
      await assert.rejects(toArray(fromEventSource(url)), { name: 'FetchError', message });
      assert.equal(requests.length, 1);
    });
  }

  test('gives up after as many tries as it may, and begins to count anew after every event', async () => {
    serveEvents = (response, seen, n) => (n < 5 ? begin(response).end('data: x\n\n') : response.writeHead(503).end());
    const seen = [];
    await assert.rejects(
      pipeline(fromEventSource(url, { delay: 1, retries: 2 }), async (events) => {
        for await (const { data } of events) seen.push(data);
      }),
      { name: 'FetchError', message: /and no retries are left/ },
    );
    assert.equal(seen.length, 5);
    assert.equal(requests.length, 5 + 2);
  });

  test('holds the server back while nobody reads, and goes on where it was', async () => {
    let sent = 0;
    const filler = 'x'.repeat(10_000);
    serveEvents = (response) => {
      begin(response);
      const write = () => {
        while (!response.destroyed && response.write(`data: ${sent++} ${filler}\n\n`));
      };
      response.on('drain', write);
      write();
    };
    const reader = fromEventSource(url).getReader();
    await reader.read();
    let stood = -1;
    for (let n = 0; n < 100 && stood !== sent; n += 1) {
      stood = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(sent, stood);
    assert.ok(stood < 3000, `${stood} events of 10 KB were sent`);
    for (let n = 1; n < stood + 100; n += 1) assert.equal(Number((await reader.read()).value.data.split(' ')[0]), n);
    await reader.cancel();
    for (let n = 0; n < 100 && !requests[0].closed; n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(requests[0].closed, true);
  });

  test('ends with the reason of its signal, while it waits to try again too', async () => {
    serveEvents = (response) => response.destroy();
    const controller = new AbortController();
    const running = toArray(fromEventSource(url, { delay: 60_000, signal: controller.signal }));
    for (let n = 0; n < 100 && requests.length === 0; n += 1) await turn();
    controller.abort(broken);
    await assert.rejects(within(1000, running), (error) => error === broken);
  });

  test('refuses what it cannot read', () => {
    assert.throws(() => fromEventSource(5), {
      name: 'TypeError',
      message: 'fromEventSource(): the first argument must be a URL or an EventSource; got number',
    });
    assert.throws(() => fromEventSource(url, { events: 'a' }), {
      name: 'TypeError',
      message: /events must be an array of strings, the types of events/,
    });
  });
});

describe('fromEventSource() of an EventSource', () => {
  class Source extends EventTarget {
    readyState = 1;
    close() {
      this.readyState = 2;
    }
    send(type, data) {
      this.dispatchEvent(Object.assign(new Event(type), { data, lastEventId: '' }));
    }
  }

  test('gives its events, and closes it when the consumer has had enough', async () => {
    const source = new Source();
    const stream = fromEventSource(source, { events: ['a', 'message'] });
    source.send('a', 1);
    source.send('message', 2);
    source.send('other', 3);
    const received = await toArray(stream.pipeThrough(take(2)));
    assert.deepEqual(
      received.map(({ type, data }) => [type, data]),
      [
        ['a', 1],
        ['message', 2],
      ],
    );
    assert.equal(source.readyState, 2);
  });

  test('holds no more than its capacity, and counts what it drops', async () => {
    const source = new Source();
    const stream = fromEventSource(source, { highWaterMark: 2, capacity: 5, overflow: 'drop-oldest' });
    for (let n = 0; n < 20; n += 1) source.send('message', n);
    assert.equal(stream.counts.droppedOldest, 15);
    const reader = stream.getReader();
    assert.equal((await reader.read()).value.data, 15);
    await reader.cancel();
  });

  test('fails when it has been closed by its server, and not while it connects again', async () => {
    const source = new Source();
    const received = toArray(fromEventSource(source));
    source.readyState = 0;
    source.dispatchEvent(new Event('error'));
    await turn();
    source.readyState = 2;
    source.dispatchEvent(new Event('error'));
    await assert.rejects(within(1000, received), { name: 'FetchError' });
  });
});
