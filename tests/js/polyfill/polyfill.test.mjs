/** tidegate/polyfill: what install() changes, what works with it, and that uninstall() leaves nothing behind. */
import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import * as tidegate from 'tidegate';

const classNames = [
  'ReadableStream',
  'ReadableStreamDefaultReader',
  'ReadableStreamBYOBReader',
  'ReadableStreamDefaultController',
  'ReadableByteStreamController',
  'ReadableStreamBYOBRequest',
  'WritableStream',
  'WritableStreamDefaultWriter',
  'WritableStreamDefaultController',
  'TransformStream',
  'TransformStreamDefaultController',
  'ByteLengthQueuingStrategy',
  'CountQueuingStrategy',
];

/** Every own property of what a page shares, as it is now. */
function snapshot() {
  const objects = { globalThis };
  for (const name of [
    ...classNames,
    'Response',
    'Request',
    'Blob',
    'MessagePort',
    'MessageEvent',
    'CompressionStream',
    'DecompressionStream',
    'TextDecoderStream',
    'TextEncoderStream',
  ]) {
    objects[name] = engine[name];
    objects[`${name}.prototype`] = engine[name].prototype;
  }
  return Object.fromEntries(
    Object.entries(objects).map(([name, object]) => [name, Object.getOwnPropertyDescriptors(object)]),
  );
}

// Node loads some of its classes when they are first asked for, which changes their descriptors.
const engine = Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, globalThis[name]]));
const before = snapshot();
const { install, lacking, uninstall } = await import('tidegate/polyfill');

const bytes = (...values) => new Uint8Array(values);
const text = (value) => new Blob([value]).stream();

after(uninstall);

describe('install()', () => {
  beforeEach(uninstall);

  test('does what the import has done', () => {
    assert.equal(install(), lacking().length > 0);
  });

  test(
    'leaves the classes of an engine that lacks single methods alone',
    { skip: lacking().some((name) => name !== 'ReadableStream.from') },
    () => {
      install();
      for (const name of classNames) assert.equal(globalThis[name], engine[name]);
    },
  );

  test('replaces every class by force, as data properties like the engine has', () => {
    assert.equal(install({ force: true }), true);
    for (const name of classNames) {
      assert.deepEqual(Object.getOwnPropertyDescriptor(globalThis, name), {
        value: tidegate[name],
        writable: true,
        enumerable: false,
        configurable: true,
      });
    }
  });

  test('changes nothing the second time', () => {
    install({ force: true });
    const first = snapshot();
    install({ force: true });
    install();
    assert.deepEqual(snapshot(), first);
  });
});

describe('uninstall()', () => {
  for (const force of [false, true]) {
    test(`puts back every property that install({ force: ${force} }) changed`, () => {
      uninstall();
      install({ force });
      uninstall();
      const now = snapshot();
      for (const name of Object.keys(before)) {
        assert.deepEqual(Reflect.ownKeys(now[name]).sort(byName), Reflect.ownKeys(before[name]).sort(byName), name);
        for (const key of Reflect.ownKeys(before[name]))
          assert.deepEqual(now[name][key], before[name][key], `${name}.${String(key)}`);
      }
    });
  }

  test('may be called where nothing is installed', () => {
    uninstall();
    uninstall();
  });

  test('leaves streams that were made before at work', async () => {
    install({ force: true });
    const stream = new Response('ebb').body;
    uninstall();
    assert.deepEqual(await collect(stream), [bytes(101, 98, 98)]);
  });
});

describe('with the classes installed', () => {
  beforeEach(() => install({ force: true }));
  afterEach(uninstall);

  test('a Response takes a stream and gives its bytes', async () => {
    const stream = new ReadableStream({ start: (c) => (c.enqueue(bytes(104, 105)), c.close()) });
    assert.equal(await new Response(stream).text(), 'hi');
  });

  test('a Response refuses a locked stream', () => {
    const stream = new ReadableStream();
    stream.getReader();
    assert.throws(() => new Response(stream), TypeError);
  });

  test('a Response is still made by its one class', () => {
    class Own extends Response {}
    const response = new Own('text');
    assert.ok(response instanceof Response && response instanceof Own && response instanceof engine.Response);
    assert.equal(new Response().constructor, Response);
    assert.deepEqual([Response.name, Response.length, Response.json({}).status], ['Response', 0, 200]);
  });

  test('a body is a byte stream of the installed class, always the same one', async () => {
    const response = new Response('high tide');
    assert.ok(response.body instanceof ReadableStream);
    assert.equal(response.body, response.body);
    const { value } = await response.body.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    assert.deepEqual(value, bytes(104, 105, 103, 104));
  });

  test('a Response without a body has none', () => {
    assert.equal(new Response().body, null);
  });

  test('looking at a body takes nothing from text()', async () => {
    const response = new Response('ebb');
    assert.equal(response.body.locked, false);
    assert.equal(await response.text(), 'ebb');
  });

  test('a body with a reader cannot be read by text() nor cloned', async () => {
    const response = new Response('ebb');
    response.body.getReader();
    await assert.rejects(response.text(), TypeError);
    assert.throws(() => response.clone(), TypeError);
  });

  test('a Response is cloned with its body', async () => {
    const response = new Response(ReadableStream.from([bytes(104, 105)]));
    const clone = response.clone();
    assert.deepEqual(await Promise.all([response.text(), clone.text()]), ['hi', 'hi']);
  });

  test('a Response pulls from its stream no more than is read', async () => {
    let pulls = 0;
    const stream = new ReadableStream({ pull: (c) => ((pulls += 1), c.enqueue(bytes(pulls))) }, { highWaterMark: 0 });
    const reader = new Response(stream).body.getReader();
    await reader.read();
    assert.equal(pulls, 1);
    await reader.cancel();
  });

  test('a Response fails with the error of its stream', async () => {
    const stream = new ReadableStream({ pull: () => Promise.reject(new RangeError('ashore')) });
    await assert.rejects(
      new Response(stream).arrayBuffer(),
      (error) => error instanceof RangeError || error.cause instanceof RangeError,
    );
  });

  test('a Request takes a stream, and keeps the other members', async () => {
    const body = new ReadableStream({ start: (c) => (c.enqueue(bytes(104, 105)), c.close()) });
    const request = new Request('http://localhost/', {
      method: 'PUT',
      body,
      duplex: 'half',
      headers: { 'x-tide': 'low' },
    });
    assert.deepEqual([request.method, request.headers.get('x-tide')], ['PUT', 'low']);
    assert.equal(await request.text(), 'hi');
  });

  test('a Blob gives a byte stream of the installed class', async () => {
    const stream = text('tide');
    assert.ok(stream instanceof ReadableStream);
    const { value } = await stream.getReader({ mode: 'byob' }).read(new Uint8Array(2));
    assert.deepEqual(value, bytes(116, 105));
  });

  test('compression and text transforms have streams of the installed classes', () => {
    for (const pair of [
      new CompressionStream('gzip'),
      new DecompressionStream('gzip'),
      new TextDecoderStream(),
      new TextEncoderStream(),
    ]) {
      assert.ok(pair.readable instanceof ReadableStream && pair.writable instanceof WritableStream);
      assert.deepEqual([pair.readable, pair.writable], [pair.readable, pair.writable]);
    }
  });

  test('a stream is piped through the transforms of the engine', async () => {
    const zipped = text('ebb and flow').pipeThrough(new CompressionStream('gzip'));
    const plain = zipped.pipeThrough(new DecompressionStream('gzip')).pipeThrough(new TextDecoderStream());
    assert.equal((await collect(plain)).join(''), 'ebb and flow');
  });

  test("a stream of the engine's is piped through to the installed classes", async () => {
    const native = new engine.ReadableStream({ start: (c) => (c.enqueue(bytes(104, 105)), c.close()) });
    const chunks = [];
    await native
      .pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (chunk) => void chunks.push(chunk) }));
    assert.equal(chunks.join(''), 'hi');
  });

  test("pipes between the engine's own streams stay the engine's", async () => {
    const chunks = [];
    const native = new engine.ReadableStream({ start: (c) => (c.enqueue(1), c.close()) });
    const doubled = native.pipeThrough(new engine.TransformStream({ transform: (chunk, c) => c.enqueue(chunk * 2) }));
    assert.ok(doubled instanceof engine.ReadableStream);
    await doubled.pipeTo(new engine.WritableStream({ write: (chunk) => void chunks.push(chunk) }));
    assert.deepEqual(chunks, [2]);
  });
});

describe('with the classes installed, structuredClone() and postMessage()', () => {
  beforeEach(() => install({ force: true }));
  afterEach(uninstall);

  const isDataCloneError = (error) => error instanceof DOMException && error.name === 'DataCloneError';

  /** What arrives when `message` is posted. */
  function post(message, transfer) {
    const { port1, port2 } = new MessageChannel();
    const arrived = new Promise((resolve) => {
      port2.onmessage = ({ data, ports }) => {
        resolve({ data, ports });
        port2.close();
      };
    });
    port1.postMessage(message, transfer);
    return arrived;
  }

  test('transfer streams anywhere in a message', async () => {
    const stream = new ReadableStream({ start: (c) => (c.enqueue('a'), c.close()) });
    const date = new Date(0);
    const clone = structuredClone(
      { list: [stream], map: new Map([['key', stream]]), set: new Set([stream]), date },
      { transfer: [stream] },
    );
    assert.ok(clone.list[0] instanceof ReadableStream);
    assert.equal(clone.map.get('key'), clone.list[0]);
    assert.ok(clone.set.has(clone.list[0]));
    assert.deepEqual(clone.date, date);
    assert.equal(stream.locked, true);
    assert.deepEqual(await collect(clone.list[0]), ['a']);
  });

  const text = '{"user":"guest","tidegate.envelope":1,"handles":[],"hidden":0,"data":{"user":"admin"}}';
  const handle = '{"type":"tidegate.ReadableStream","port":{}}';
  for (const json of [
    text,
    text.replace('[]', `[${handle}]`),
    text.replace('[]', '[null]'),
    text.replace('"hidden":0', '"hidden":1'),
  ]) {
    test(`take no data for an envelope of theirs: ${json}`, async () => {
      assert.deepEqual(structuredClone(JSON.parse(json)), JSON.parse(json));
      const { port1 } = new MessageChannel();
      const { data, ports } = await post(JSON.parse(json), [port1]);
      assert.deepEqual([data, ports.length], [JSON.parse(json), 1]);
      ports[0].close();
    });
  }

  test('take a stream only by a port that came with the message for it', async () => {
    const { port1, port2 } = new MessageChannel();
    const message = {
      'tidegate.envelope': 1,
      data: 'opened',
      handles: [{ type: 'tidegate.ReadableStream', port: port1 }],
    };
    const { data, ports } = await post({ ...message, more: port2 }, [port1, port2]);
    assert.equal(data.handles.length, 1); // the last port is another one
    assert.equal(ports.length, 2);
    for (const port of ports) port.close();
  });

  test('keep a graph with cycles as it is', async () => {
    const stream = new WritableStream();
    const message = { stream };
    message.self = message;
    const clone = structuredClone(message, { transfer: [stream] });
    assert.equal(clone.self, clone);
    assert.ok(clone.stream instanceof WritableStream);
    await clone.stream.abort();
  });

  test('transfer every class, with the ports that are listed and no others', async () => {
    const { port1, port2 } = new MessageChannel();
    const message = {
      readable: new ReadableStream(),
      port1,
      writable: new WritableStream(),
      pair: new TransformStream(),
    };
    const { data, ports } = await post(message, [message.readable, port1, message.writable, message.pair]);
    assert.ok(
      data.readable instanceof ReadableStream &&
        data.writable instanceof WritableStream &&
        data.pair instanceof TransformStream,
    );
    assert.deepEqual(ports, [data.port1]);
    for (const stream of [message.readable, message.writable, message.pair.readable, message.pair.writable])
      assert.ok(stream.locked);
    port2.close();
    await Promise.all([data.readable.cancel(), data.writable.abort(), data.pair.writable.abort()]);
  });

  test('refuse a stream that is not listed', () => {
    for (const stream of [new ReadableStream(), new WritableStream(), new TransformStream()]) {
      assert.throws(() => structuredClone({ deep: [stream] }), isDataCloneError);
    }
  });

  test('refuse a locked stream, and one that is listed twice', () => {
    const locked = new ReadableStream();
    locked.getReader();
    assert.throws(() => structuredClone(locked, { transfer: [locked] }), isDataCloneError);
    const pair = new TransformStream();
    assert.throws(() => structuredClone(0, { transfer: [pair.readable, pair] }), isDataCloneError);
    assert.equal(pair.readable.locked, false);
  });

  test('leave a stream unlocked where the engine refuses the rest of the message', () => {
    const stream = new ReadableStream();
    assert.throws(() => structuredClone({ stream, refused() {} }, { transfer: [stream] }), isDataCloneError);
    assert.equal(stream.locked, false);
  });

  test('send streams that a worker without the polyfill understands, wherever they are in the message', async () => {
    const { Worker } = await import('node:worker_threads');
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(
      `
      const { port } = require('node:worker_threads').workerData;
      port.on('message', async ({ args: [{ readable }], writable }) => {
        const writer = writable.getWriter();
        for await (const chunk of readable) await writer.write(chunk.toUpperCase());
        await writer.close();
        port.close();
      });
    `,
      { eval: true, workerData: { port: port2 }, transferList: [port2] },
    );
    const chunks = [];
    const readable = ReadableStream.from(['ebb', 'flow']);
    await new Promise((resolve, reject) => {
      const writable = new WritableStream({ write: (chunk) => void chunks.push(chunk), close: resolve, abort: reject });
      port1.postMessage({ args: [{ readable }], writable }, [readable, writable]);
      assert.ok(readable.locked && writable.locked);
    });
    await worker.terminate();
    assert.deepEqual(chunks, ['EBB', 'FLOW']);
  });

  test('unlock what they do not send, to a port too', () => {
    const readable = new ReadableStream();
    const writable = new WritableStream();
    const { port1 } = new MessageChannel();
    assert.throws(
      () => port1.postMessage({ readable, writable, refused() {} }, [readable, writable]),
      isDataCloneError,
    );
    port1.close();
    assert.deepEqual([readable.locked, writable.locked], [false, false]);
  });

  test('find a stream that is not listed behind circles, in maps and sets', () => {
    const circle = { list: [] };
    circle.list.push(circle);
    for (let depth = 0, at = circle; depth < 50; depth += 1) at = at.next = {};
    assert.equal(structuredClone(circle).list[0].next.next !== undefined, true);
    circle.list.push(new Map([[new Set([new WritableStream()]), 1]]));
    assert.throws(() => structuredClone(circle), isDataCloneError);
  });

  class Place {
    constructor(item) {
      this.item = item;
    }
  }
  const nested = (depth, item) => (depth === 0 ? { item } : { inner: nested(depth - 1, item) });
  const withParents = (item) => {
    const root = { children: [], item: 0 };
    root.children.push({ parent: root, children: [{ parent: root, item }] });
    return root;
  };
  /** Each level refers twice to the next: a path for each of 2 ** 40 ways to the last. */
  const shared = (item) => Array.from({ length: 40 }).reduce((next) => ({ left: next, right: next }), { item });
  const tagged = (item) => Object.assign(Object.create({ [Symbol.toStringTag]: 'Map' }), { item });
  for (const [place, make] of Object.entries({
    'after numbers in an array': (item) => [1, 2, 'three', item],
    'in a record of an array': (item) => [{ n: 1 }, { n: 2, more: { item } }],
    'in an array in an array': (item) => [[1], [[item]]],
    'in an instance of a class': (item) => [new Place(1), new Place(item)],
    'in an object without a prototype': (item) => ({ __proto__: null, item }),
    'as a key of a map': (item) => new Map([[item, 1]]),
    'as a value of a map': (item) => new Map([['key', { item }]]),
    'in a set': (item) => new Set([1, item]),
    'in an object with the tag of a map': tagged,
    'sixty levels deep': (item) => nested(60, item),
    'three hundred levels deep': (item) => nested(300, item),
    'where objects know their parents': withParents,
    'where each level refers twice to the next': shared,
  })) {
    test(`find a stream that is not listed ${place}`, () => {
      structuredClone(make(1));
      assert.throws(() => structuredClone(make(new ReadableStream())), isDataCloneError);
      assert.throws(() => new MessageChannel().port1.postMessage(make(new WritableStream())), isDataCloneError);
    });
  }

  test('end where the paths to an object are too many to count', () => {
    let next = { end: true };
    for (let level = 0; level < 12; level += 1) next = { items: Array.from({ length: 10 }, () => next) };
    assert.equal(structuredClone(next).items.length, 10);
  });

  const records = Array.from({ length: 99 }, (_, n) => ({ id: n, name: `place ${n}`, level: n * 2, on: true }));
  for (const [what, message] of Object.entries({
    'an array of records': records,
    'an array of numbers': Array.from({ length: 5000 }, (_, n) => n),
    'a table of numbers': Array.from({ length: 99 }, () => Array.from({ length: 99 }, (_, n) => n)),
    'a list of names': records.map(({ name }) => name),
    'an object of a hundred keys': Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`key${n}`, n])),
  })) {
    test(`cost little for ${what} without a stream`, async () => {
      const { port1, port2 } = new MessageChannel();
      port2.close();
      const installed = [structuredClone, MessagePort.prototype.postMessage];
      uninstall();
      const native = [structuredClone, MessagePort.prototype.postMessage];
      assert.notEqual(installed[1], native[1]);
      const least = (values) => values.map(() => Infinity);
      const [ours, theirs] = [least(installed), least(native)];
      const call = [(clone) => clone(message), (post) => post.call(port1, message)];
      for (let turn = 0; turn < 40; turn += 1) {
        for (const [list, times] of [
          [installed, ours],
          [native, theirs],
        ]) {
          list.forEach((method, at) => {
            const from = performance.now();
            for (let n = 0; n < 20; n += 1) call[at](method);
            times[at] = Math.min(times[at], performance.now() - from);
          });
        }
      }
      port1.close();
      for (const at of [0, 1]) {
        const ratio = ours[at] / theirs[at];
        assert.ok(ratio < 2.5, `${ratio.toFixed(2)} times the engine's ${native[at].name}`);
      }
    });
  }

  test('do what they did for messages without streams', async () => {
    const buffer = new ArrayBuffer(8);
    const clone = structuredClone({ buffer, nested: [{ error: new RangeError('x') }] }, { transfer: [buffer] });
    assert.deepEqual([clone.buffer.byteLength, buffer.byteLength], [8, 0]);
    assert.ok(clone.nested[0].error instanceof RangeError);
    assert.deepEqual((await post('text')).data, 'text');
    assert.throws(() => structuredClone(() => {}), isDataCloneError);
  });
});

const byName = (a, b) => (String(a) < String(b) ? -1 : 1);

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
