/** Node's own clients of web streams on ours: fetch and node:stream, with the polyfill and with tidegate's classes as they are. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { addAbortSignal, compose, Duplex, finished, isErrored, isReadable, Readable, Writable } from 'node:stream';
import { pipeline as nodePipeline } from 'node:stream/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tidegate from 'tidegate';
import { install, uninstall } from 'tidegate/polyfill';

const PART = 1000;
const PARTS = 4;

/** A server whose bodies come in parts, after the headers: /whole, /cut (broken off), /endless (stays open). */
let server;
let url;
before(async () => {
  server = createServer((request, response) => {
    let left = PARTS;
    response.flushHeaders();
    const timer = setInterval(() => {
      if (left-- > 0) return void response.write('x'.repeat(PART));
      clearInterval(timer);
      if (request.url === '/cut') response.destroy();
      else if (request.url === '/whole') response.end();
      return undefined;
    }, 5);
    response.on('close', () => clearInterval(timer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const LIMIT = 10_000;
/** `promise`, or a failure where it has not settled within ten seconds. */
const settled = (promise) =>
  Promise.race([promise, sleep(LIMIT, undefined, { ref: false }).then(() => assert.fail('it hangs'))]);

async function lengthOf(chunks) {
  let length = 0;
  for await (const chunk of chunks) length += chunk.length;
  return length;
}

async function lengthByBuffer(stream) {
  const reader = stream.getReader({ mode: 'byob' });
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(700));
    if (done) return length;
    length += value.length;
  }
}

/** Ways to read a body: each resolves with how many bytes there were. */
const ways = {
  'text()': async (response) => (await response.text()).length,
  'for await': (response) => lengthOf(response.body),
  'a BYOB reader': (response) => lengthByBuffer(response.body),
  'pipeline()': (response) => tidegate.pipeline(response, lengthOf),
  "Node's pipeline()": (response) => nodePipeline(response.body, lengthOf),
};

describe('with the classes installed, fetch()', () => {
  beforeEach(() => install({ force: true }));
  afterEach(uninstall);

  for (const [way, read] of Object.entries(ways)) {
    test(`gives a body that comes after the headers to ${way}`, async () => {
      assert.equal(await settled(read(await settled(fetch(`${url}/whole`)))), PARTS * PART);
    });

    test(`fails ${way} where the connection breaks off`, async () => {
      await assert.rejects(settled(fetch(`${url}/cut`).then(read)), { name: 'TypeError', message: 'terminated' });
    });

    test(`fails ${way} with the reason of an abort`, async () => {
      const controller = new AbortController();
      const reason = new RangeError('no more');
      const reading = fetch(`${url}/endless`, { signal: controller.signal }).then(read);
      reading.catch(() => {});
      await sleep(100);
      controller.abort(reason);
      await assert.rejects(settled(reading), (error) => error === reason || error.cause === reason);
    });
  }

  test('ends the connection of a body that is cancelled or left early', async () => {
    const closed = () =>
      new Promise((resolve) => server.once('request', (request, response) => response.once('close', resolve)));
    let gone = closed();
    await (await fetch(`${url}/endless`)).body.cancel();
    await settled(gone);
    gone = closed();
    const seen = await fetch(`${url}/endless`).then(async ({ body }) => {
      for await (const chunk of body) return chunk.length;
      return 0;
    });
    assert.ok(seen > 0);
    await settled(gone);
  });

  test('an abort after a reader has taken the body fails its read', async () => {
    const controller = new AbortController();
    const reader = (await fetch(`${url}/endless`, { signal: controller.signal })).body.getReader();
    await settled(reader.read());
    controller.abort();
    await assert.rejects(
      settled(
        (async () => {
          for (;;) await reader.read();
        })(),
      ),
      { name: 'AbortError' },
    );
  });

  test('an abort ends an upload whose body is being read, and nothing is unhandled', async () => {
    const unhandled = [];
    const listen = (error) => unhandled.push(error);
    process.on('unhandledRejection', listen);
    let over = false; // Node goes on reading a body after the abort, its own too
    try {
      const controller = new AbortController();
      const body = new ReadableStream({
        async pull(own) {
          await sleep(5);
          if (over) own.close();
          else own.enqueue(new Uint8Array(10));
        },
      });
      const sending = fetch(`${url}/endless`, { method: 'POST', body, duplex: 'half', signal: controller.signal }).then(
        (response) => response.text(),
      );
      sending.catch(() => {});
      await sleep(100);
      controller.abort();
      await assert.rejects(settled(sending), { name: 'AbortError' });
      await sleep(20);
      assert.deepEqual(unhandled, []);
    } finally {
      over = true;
      process.removeListener('unhandledRejection', listen);
    }
  });

  test('a body can be cloned, and says when it was used', async () => {
    const response = await fetch(`${url}/whole`);
    const copy = response.clone();
    assert.equal(response.bodyUsed, false);
    assert.deepEqual(
      await settled(Promise.all([response.text(), copy.text()])).then((texts) => texts.map(({ length }) => length)),
      [PARTS * PART, PARTS * PART],
    );
    assert.equal(response.bodyUsed, true);
    await assert.rejects(response.text(), TypeError);
  });

  test('a Response and a Request have the stream they were made of for their body', async () => {
    const make = () =>
      new ReadableStream({ start: (own) => (own.enqueue(new TextEncoder().encode('tide')), own.close()) });
    const [first, second] = [make(), make()];
    const response = new Response(first);
    const request = new Request(url, { method: 'POST', body: second, duplex: 'half' });
    assert.equal(response.body, first);
    assert.equal(request.body, second);
    assert.deepEqual([await response.text(), await request.text()], ['tide', 'tide']);
    assert.equal(response.bodyUsed, true);
  });

  test('a Response of a stream that somebody reads is not read by others, and a clone of one reads the same', async () => {
    const make = () =>
      new ReadableStream({ start: (own) => (own.enqueue(new TextEncoder().encode('tide')), own.close()) });
    const response = new Response(make());
    response.body.getReader();
    await assert.rejects(response.text(), TypeError);
    const other = new Response(make());
    const copy = other.clone();
    assert.notEqual(copy.body, other.body);
    assert.deepEqual([await copy.text(), await other.text()], ['tide', 'tide']);
  });

  test('a Response of a stream that has been read is refused', async () => {
    const stream = new ReadableStream({ start: (own) => (own.enqueue(new Uint8Array(1)), own.close()) });
    const reader = stream.getReader();
    await reader.read();
    reader.releaseLock();
    assert.throws(() => new Response(stream), TypeError);
  });

  const hasBuiltins = typeof process.getBuiltinModule === 'function';
  const skip = hasBuiltins
    ? false
    : 'this Node has no process.getBuiltinModule(), by which the polyfill finds node:stream';

  test('Readable.fromWeb() and Duplex.from() take a body', { skip }, async () => {
    assert.equal(await settled(lengthOf(Readable.fromWeb((await fetch(`${url}/whole`)).body))), PARTS * PART);
    assert.equal(await settled(lengthOf(Duplex.from((await fetch(`${url}/whole`)).body))), PARTS * PART);
  });

  test('Writable.fromWeb() and Duplex.fromWeb() take the streams of the page', { skip }, async () => {
    const taken = [];
    const writable = Writable.fromWeb(new WritableStream({ write: (chunk) => void taken.push(String(chunk)) }));
    writable.write('ebb');
    await settled(new Promise((resolve) => writable.end('flow', resolve)));
    assert.deepEqual(taken, ['ebb', 'flow']);
    for (const duplex of [Duplex.fromWeb(new TransformStream()), Duplex.from(new TransformStream())]) {
      duplex.end(Buffer.from('tide'));
      const text = [];
      for await (const chunk of duplex) text.push(String(chunk));
      assert.equal(text.join(''), 'tide');
    }
  });

  test('uninstall() puts node:stream back', () => {
    const { fromWeb } = Readable;
    uninstall();
    assert.equal(fromWeb === Readable.fromWeb, !hasBuiltins);
    install({ force: true });
  });
});

describe("node:stream, with tidegate's own classes,", () => {
  const { ReadableStream, TransformStream, WritableStream } = tidegate;
  const outcomeOf = (stream) => settled(new Promise((resolve) => finished(stream, resolve)));

  test('is told by finished() when a readable has closed, failed or been cancelled', async () => {
    let controller;
    const make = (type) => new ReadableStream({ type, start: (own) => void (controller = own) });
    const failure = new RangeError('ran dry');
    for (const type of [undefined, 'bytes']) {
      let outcome = outcomeOf(make(type));
      controller.close();
      assert.equal(await outcome, undefined);
      outcome = outcomeOf(make(type));
      controller.error(failure);
      assert.equal(await outcome, failure);
      const stream = make(type);
      outcome = outcomeOf(stream);
      await stream.cancel();
      assert.equal(await outcome, undefined);
      assert.equal(await outcomeOf(stream), undefined);
    }
  });

  test('is told by finished() when a writable has closed or failed', async () => {
    const closing = new WritableStream();
    const outcome = outcomeOf(closing);
    await closing.close();
    assert.equal(await outcome, undefined);
    const failure = new RangeError('no room');
    const failing = new WritableStream({ write: () => Promise.reject(failure) });
    failing
      .getWriter()
      .write(1)
      .catch(() => {});
    assert.equal(await outcomeOf(failing), failure);
  });

  test('ends streams with an abort, whoever has them, and both sides of a transform', async () => {
    const controller = new AbortController();
    const readable = addAbortSignal(controller.signal, new ReadableStream());
    const writable = addAbortSignal(controller.signal, new WritableStream());
    const pair = new TransformStream();
    addAbortSignal(controller.signal, pair.readable);
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    const reading = reader.read();
    controller.abort();
    await assert.rejects(settled(reading), { name: 'AbortError' });
    await assert.rejects(settled(writer.closed), { name: 'AbortError' });
    await assert.rejects(settled(pair.writable.getWriter().closed), { name: 'AbortError' });
  });

  test('knows whether a stream can be read, and has failed', async () => {
    const stream = new ReadableStream();
    assert.deepEqual([isReadable(stream), isErrored(stream)], [true, false]);
    await stream.cancel();
    assert.deepEqual([isReadable(stream), isErrored(stream)], [false, false]);
    const failed = new ReadableStream({ start: (own) => own.error(new Error('failed')) });
    assert.deepEqual([isReadable(failed), isErrored(failed)], [false, true]);
  });

  test('knows whether a stream has been read, cancelled or piped', async () => {
    const make = () => new ReadableStream({ start: (own) => (own.enqueue(1), own.enqueue(2), own.close()) });
    const bytes = () =>
      new ReadableStream({ type: 'bytes', start: (own) => (own.enqueue(new Uint8Array(4)), own.close()) });
    const touched = {
      read: [make, (stream) => stream.getReader().read()],
      readMany: [make, (stream) => stream.getReader().readMany()],
      'a read of bytes': [bytes, (stream) => stream.getReader().read()],
      'a BYOB read': [bytes, (stream) => stream.getReader({ mode: 'byob' }).read(new Uint8Array(1))],
      cancel: [make, (stream) => stream.cancel()],
      pipeTo: [make, (stream) => stream.pipeTo(new WritableStream())],
      'for await': [make, (stream) => lengthOf(stream)],
      'a read of a branch': [make, (stream) => stream.tee()[0].getReader().read()],
    };
    for (const [name, [source, touch]] of Object.entries(touched)) {
      const stream = source();
      assert.equal(Readable.isDisturbed(stream), false, name);
      await touch(stream);
      assert.equal(Readable.isDisturbed(stream), true, name);
    }
    const looked = make();
    looked.getReader().releaseLock();
    assert.equal(Readable.isDisturbed(looked), false);
  });

  test('composes them', async () => {
    const text = [];
    const source = new ReadableStream({ start: (own) => (own.enqueue('tide'), own.close()) });
    for await (const chunk of compose(source, new TransformStream(), async function* (chunks) {
      for await (const chunk of chunks) yield `${chunk}!`;
    }))
      text.push(chunk);
    assert.deepEqual(text.map(String), ['tide!']);
  });

  test('a cancel of a locked stream rejects with the code that Node passes over', async () => {
    const stream = new ReadableStream();
    stream.getReader();
    await assert.rejects(stream.cancel(), { name: 'TypeError', code: 'ERR_INVALID_STATE' });
  });

  test('takes toNative() of them in fromWeb()', async () => {
    const stream = new ReadableStream({ start: (own) => (own.enqueue(Buffer.from('tide')), own.close()) });
    assert.equal(await lengthOf(Readable.fromWeb(tidegate.toNative(stream))), 4);
  });
});
