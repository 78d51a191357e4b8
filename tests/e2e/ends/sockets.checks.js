import { fromEventSource, fromWebSocket, pipeline, take, toArray, toWebSocket } from '/dist/index.js';
import { equal, isWebKit, ok, pause, rejection, Skip, standing, until, within } from '/support.js';

const counts = async () => (await fetch('/counts')).json();
const openTo = async (path) => (await counts()).open.filter((one) => one === path).length;
const closeOf = async (path) => (await counts()).closes.findLast((close) => close.path === path);
/** Both ways there are: by URL, which Chromium serves with its WebSocketStream, and over the WebSocket that all have. */
const ways = { 'a URL': (path) => path, 'a WebSocket': (path) => new WebSocket(new URL(path, location.href.replace('http', 'ws'))) };

/** WebKit takes in what a server has sent before it sees its close. */
const AFTER_FLOOD = isWebKit ? 10_000 : 1000;

const both = {};
for (const [way, open] of Object.entries(ways)) {
  Object.assign(both, {
    async [`fromWebSocket of ${way} gives texts and bytes, and ends with the connection`]() {
      const received = await toArray(fromWebSocket(open('/three')));
      equal(received.map((one) => (typeof one === 'string' ? one : [...one])), ['text', [1, 2], '']);
    },

    async [`fromWebSocket of ${way} fails for a close that is no normal one, and for a connection that breaks`]() {
      const refused = await rejection(within(5000, toArray(fromWebSocket(open('/refuse')))));
      equal([refused.name, refused.closeCode, refused.reason], ['SocketError', 4001, 'no more room']);
      const broke = await rejection(within(5000, toArray(fromWebSocket(open('/break')))));
      equal([broke.name, broke.closeCode], ['SocketError', 1006]);
    },

    async [`fromWebSocket of ${way} closes the connection when the consumer has had enough`]() {
      const value = await pipeline(fromWebSocket(open('/flood')), async (all) => (await all.next()).value.length);
      equal(value, 16384);
      await until(async () => (await openTo('/flood')) === 0, AFTER_FLOOD);
    },

    async [`fromWebSocket of ${way} ends with the reason of its signal`]() {
      const controller = new AbortController();
      const reason = new Error('enough');
      const received = toArray(fromWebSocket(open('/echo'), { signal: controller.signal }));
      setTimeout(() => controller.abort(reason), 50);
      equal((await rejection(within(1000, received))) === reason, true);
      await until(async () => (await openTo('/echo')) === 0);
    },

    async [`toWebSocket of ${way} sends all and closes, and takes no more than its mark while the other side does not read`]() {
      let made = 0;
      const size = 1 << 18;
      const source = (function* () { for (; made < 200;) { made += 1; yield new Uint8Array(size); } })();
      const running = pipeline(source, toWebSocket(open('/stop'), { highWaterMark: 1 << 20 }));
      await pause(900);
      const stood = made;
      const { received } = await counts();
      // WebKit's bufferedAmount is what has not left the page's process, whatever the network has taken.
      ok((stood < 150 || isWebKit) && received === 0, `${stood} messages of 256 KiB were made while the server had read ${received} bytes`);
      await within(15_000, running);
      await until(async () => (await counts()).received === 200 * size);
      await until(async () => (await closeOf('/stop'))?.code === 1000);
    },

    async [`toWebSocket of ${way} fails when the other side closes, and closes with the reason of a failure`]() {
      const early = await rejection(within(5000, pipeline(new ReadableStream(), toWebSocket(open('/refuse')))));
      equal([early.name, early.closeCode], ['SocketError', 4001]);
      const broken = new Error('broken');
      const source = (async function* () { yield 'x'; await pause(50); throw broken; })();
      equal((await rejection(within(1000, pipeline(source, toWebSocket(open('/echo')))))) === broken, true);
      await until(async () => (await closeOf('/echo'))?.code === 4000);
      equal((await closeOf('/echo')).reason, 'broken');
    },
  });
}

export default {
  ...both,

  async 'fromWebSocket holds a server back where the engine can, and fails at its capacity where it cannot'() {
    const stream = fromWebSocket('/flood', { capacity: 1 << 20 });
    const reader = stream.getReader();
    await reader.read();
    if ('WebSocketStream' in globalThis) {
      const stood = await standing(async () => (await counts()).sent);
      for (let n = 1; n < stood + 200; n += 1) equal(new DataView((await reader.read()).value.buffer).getUint32(0, true), n);
      await reader.cancel();
    } else {
      await pause(500);
      const error = await rejection((async () => {
        for (;;) await reader.read();
      })());
      ok(/more than 1048576 bytes were written before the consumer took them/.test(error.message), error.message);
    }
    await until(async () => (await openTo('/flood')) === 0, AFTER_FLOOD);
  },

  async 'a connection that cannot be made fails who reads it or writes to it, and nobody else'() {
    fromWebSocket('ws://127.0.0.1:59999/'); // the page would see a rejection that nobody handles
    toWebSocket('ws://127.0.0.1:59999/');
    equal((await rejection(within(10_000, toArray(fromWebSocket('ws://127.0.0.1:59999/'))))).name, 'SocketError');
    equal((await rejection(within(10_000, pipeline(['x'], toWebSocket('ws://127.0.0.1:59999/'))))).name, 'SocketError');
  },

  async 'one WebSocket serves both ways'() {
    const socket = ways['a WebSocket']('/echo');
    const received = toArray(fromWebSocket(socket));
    await pause(50);
    const echoed = new Promise((resolve) => socket.addEventListener('message', ({ data }) => data === 'c' && resolve()));
    await pipeline((async function* () { yield* ['a', 'b', 'c']; await echoed; })(), toWebSocket(socket));
    equal(await received, ['a', 'b', 'c']);
  },

  async 'fromEventSource goes on where the connection broke, losing and repeating nothing'() {
    const events = await toArray(fromEventSource('/events', { delay: 1 }).pipeThrough(take(35)));
    equal(events.map(({ data }) => Number(data)), Array.from({ length: 35 }, (_, n) => n));
  },

  async 'fromEventSource of an EventSource gives the named events, and closes it'() {
    const source = new EventSource('/events');
    const events = await toArray(fromEventSource(source, { events: ['odd'] }).pipeThrough(take(3)));
    equal(events.map(({ type, data }) => `${type} ${data}`), ['odd 1', 'odd 3', 'odd 5']);
    equal(source.readyState, EventSource.CLOSED);
  },

  async 'fromEventSource ends where the server says so'() {
    equal((await toArray(fromEventSource('/events/once', { delay: 1 }))).map(({ data }) => data), ['a', 'b']);
  },

  async 'fromEventSource holds the server back where the engine can'() {
    if (!/Chrome/.test(navigator.userAgent)) throw new Skip('this engine receives a body that nobody reads all the same');
    const reader = fromEventSource('/events/flood').getReader();
    await reader.read();
    const stood = await standing(async () => (await counts()).events);
    for (let n = 1; n < stood + 100; n += 1) equal(Number((await reader.read()).value.data.split(' ')[0]), n);
    await reader.cancel();
  },

  async 'the examples run'() {
    const { watchPrices } = await import('/examples/from-event-source.js');
    const prices = [];
    await watchPrices('/events/once', (price) => prices.push(price));
    equal(prices, ['a', 'b']);
    const { receive } = await import('/examples/from-web-socket.js');
    const seen = [];
    await receive(new URL('/three', location.href).href, (message) => seen.push(message));
    equal(seen.length, 3);
    const { send } = await import('/examples/to-web-socket.js');
    await send(new URL('/echo', location.href).href, [{ a: 1 }]);
    equal((await closeOf('/echo')).code, 1000);
  },
};
