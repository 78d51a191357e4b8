import * as tidegate from '/dist/index.js';
import { closes } from '/close-codes.js';
import { fromEventSource, fromWebSocket, pipeline, take, toArray, toWebSocket } from '/dist/index.js';
import { equal, isWebKit, ok, pause, rejection, Skip, standing, until, within } from '/support.js';

const counts = async () => (await fetch('/counts')).json();
const openTo = async (path) => (await counts()).open.filter((one) => one === path).length;
const closeOf = async (path) => (await counts()).closes.findLast((close) => close.path === path);
const hasSocketStream = 'WebSocketStream' in globalThis;
const addressOf = (path) => new URL(path, location.href.replace('http', 'ws')).href;
/** What is passed for a socket, and with which options: all the ways there are, of which Chromium alone has the last ones. */
const ways = { 'a URL': { open: (path) => path }, 'a WebSocket': { open: (path) => new WebSocket(addressOf(path)) } };
if (hasSocketStream) {
  const loses = true;
  ways['a URL by WebSocketStream'] = { open: (path) => path, options: { api: 'WebSocketStream' }, loses };
  ways['a WebSocketStream'] = { open: (path) => new globalThis.WebSocketStream(addressOf(path)), loses };
}

/** An engine may take in what a server has sent before it sees its close: WebKit always, others on a busy machine. */
const AFTER_FLOOD = 10_000;

const both = {};
for (const [way, { open, options }] of Object.entries(ways)) {
  let at = 0;
  const path = () => `/ticks?${way}-${at}`;
  const all = closes(
    tidegate,
    (more) => fromWebSocket(open(path()), { ...options, ...more }),
    () => toWebSocket(open(path()), options),
  );
  all.forEach(([what, run, code, reason], number) => {
    both[`${what}, of ${way}, closes with ${code}`] = async () => {
      at = number;
      await run().catch(() => {});
      const asked = new URL(path(), location.href).search;
      const closed = async () => (await counts()).closes.find((close) => close.path.endsWith(asked));
      await until(closed, 5000, 'the server has not seen it closed');
      equal([(await closed()).code, (await closed()).reason], [code, reason]);
    };
  });
}
for (const [way, { open, options, loses = false }] of Object.entries(ways)) {
  const from = (path, more) => fromWebSocket(open(path), { ...options, ...more });
  const to = (path, more) => toWebSocket(open(path), { ...options, ...more });
  Object.assign(both, {
    async [`fromWebSocket of ${way} gives all that was sent before the server closed, or fails, while the consumer is slow`]() {
      const received = [];
      const running = pipeline(from('/burst', loses && { highWaterMark: 1000 }), async (all) => {
        for await (const text of all) {
          received.push(Number(text.slice(0, 3)));
          await pause(5);
        }
      });
      running.catch(() => {});
      await until(async () => (await counts()).sent === 100, 5000);
      if (loses) {
        const error = await within(10_000, running).then(
          () => undefined,
          (failure) => failure,
        );
        // On a busy machine the server may be slower than the consumer: then nothing was held back, and nothing is lost.
        if (error === undefined)
          return equal(
            received,
            Array.from({ length: 100 }, (_, n) => n),
          );
        equal([error.name, error.closeCode], ['SocketError', 1000]);
        ok(
          /closed the connection while it was paused, so WebSocketStream may have dropped .* use api: 'WebSocket', or raise highWaterMark/.test(
            error.message,
          ),
          error.message,
        );
      } else {
        await within(10_000, running);
        equal(
          received,
          Array.from({ length: 100 }, (_, n) => n),
        );
      }
      return undefined;
    },

    async [`fromWebSocket of ${way} gives all of a burst that its high-water mark has room for`]() {
      const received = [];
      await within(
        10_000,
        pipeline(from('/burst'), async (all) => {
          for await (const text of all) {
            received.push(Number(text.slice(0, 3)));
            await pause(1);
          }
        }),
      );
      equal(
        received,
        Array.from({ length: 100 }, (_, n) => n),
      );
    },

    async [`toWebSocket of ${way} fails where the connection cannot be made and there is nothing to send`]() {
      const nowhere = 'ws://127.0.0.1:59999/';
      const refused = await rejection(within(10_000, pipeline([], to(nowhere))));
      equal([refused.name, refused.closeCode], ['SocketError', 1006]);
    },

    async [`toWebSocket of ${way} ends where the server has sent what nobody reads`]() {
      await within(5000, pipeline(['x'], to('/chatty')));
      await until(async () => (await closeOf('/chatty'))?.code === 1000);
    },

    async [`fromWebSocket of ${way} gives texts and bytes, and ends with the connection`]() {
      const received = await toArray(from('/three'));
      equal(
        received.map((one) => (typeof one === 'string' ? one : [...one])),
        ['text', [1, 2], ''],
      );
    },

    async [`fromWebSocket of ${way} fails for a close that is no normal one, and for a connection that breaks`]() {
      const refused = await rejection(within(5000, toArray(from('/refuse'))));
      equal([refused.name, refused.closeCode, refused.reason], ['SocketError', 4001, 'no more room']);
      const broke = await rejection(within(5000, toArray(from('/break'))));
      equal([broke.name, broke.closeCode], ['SocketError', 1006]);
    },

    async [`fromWebSocket of ${way} closes the connection when the consumer has had enough`]() {
      const value = await pipeline(from('/flood'), async (all) => (await all.next()).value.length);
      equal(value, 16384);
      await until(async () => (await openTo('/flood')) === 0, AFTER_FLOOD);
    },

    async [`fromWebSocket of ${way} ends with the reason of its signal`]() {
      const controller = new AbortController();
      const reason = new Error('enough');
      const received = toArray(from('/echo', { signal: controller.signal }));
      setTimeout(() => controller.abort(reason), 50);
      equal((await rejection(within(1000, received))) === reason, true);
      await until(async () => (await openTo('/echo')) === 0);
    },

    async [`toWebSocket of ${way} sends all and closes, and takes no more than its mark while the other side does not read`]() {
      let made = 0;
      const size = 1 << 18;
      const source = (function* () {
        for (; made < 200;) {
          made += 1;
          yield new Uint8Array(size);
        }
      })();
      const running = pipeline(source, to('/stop', { highWaterMark: 1 << 20 }));
      await pause(900);
      const stood = made;
      const { received } = await counts();
      // WebKit's bufferedAmount is what has not left the page's process, whatever the network has taken.
      ok(
        (stood < 150 || isWebKit) && received === 0,
        `${stood} messages of 256 KiB were made while the server had read ${received} bytes`,
      );
      await within(15_000, running);
      await until(async () => (await counts()).received === 200 * size);
      await until(async () => (await closeOf('/stop'))?.code === 1000);
    },

    async [`toWebSocket of ${way} fails when the other side closes, and closes with the reason of a failure`]() {
      const early = await rejection(within(5000, pipeline(new ReadableStream(), to('/refuse'))));
      equal([early.name, early.closeCode], ['SocketError', 4001]);
      const broken = new Error('broken');
      const source = (async function* () {
        yield 'x';
        await pause(50);
        throw broken;
      })();
      equal((await rejection(within(1000, pipeline(source, to('/echo?broken'))))) === broken, true);
      await until(async () => (await closeOf('/echo?broken'))?.code === 4000);
      equal((await closeOf('/echo?broken')).reason, 'broken');
    },
  });
}

export default {
  ...both,

  async 'fromWebSocket fails at its capacity, and names the ways out'() {
    const stream = fromWebSocket('/flood', { capacity: 1 << 20 });
    const reader = stream.getReader();
    await reader.read();
    await pause(500);
    const error = await rejection(
      (async () => {
        for (;;) await reader.read();
      })(),
    );
    ok(
      /^fromWebSocket\(\): the queue exceeded its capacity of 1048576 bytes, because the consumer is slower than the producer; raise capacity, .* 'drop-oldest' .* api: 'WebSocketStream'/.test(
        error.message,
      ),
      error.message,
    );
    await until(async () => (await openTo('/flood')) === 0, AFTER_FLOOD);
  },

  async 'fromWebSocket holds no more empty messages than its capacity allows'() {
    const stream = fromWebSocket('/empty', { capacity: 1 << 20 });
    await until(() => stream.counts.written === (1 << 20) / 64, 10_000);
    ok(/exceeded its capacity of 1048576 bytes/.test((await rejection(stream.getReader().read())).message));
    await until(async () => (await openTo('/empty')) === 0, AFTER_FLOOD);
  },

  async 'fromWebSocket holds a server back by WebSocketStream'() {
    if (!hasSocketStream) {
      let refused;
      try {
        fromWebSocket('/flood', { api: 'WebSocketStream' });
      } catch (error) {
        refused = error;
      }
      equal(refused?.name, 'TypeError');
      throw new Skip('this engine has no WebSocketStream, and the call says so');
    }
    const reader = fromWebSocket('/flood', { api: 'WebSocketStream' }).getReader();
    await reader.read();
    const stood = await standing(async () => (await counts()).sent);
    for (let n = 1; n < stood + 200; n += 1)
      equal(new DataView((await reader.read()).value.buffer).getUint32(0, true), n);
    await reader.cancel();
    await until(async () => (await openTo('/flood')) === 0, AFTER_FLOOD);
  },

  async 'a connection that cannot be made fails who reads it or writes to it, and nobody else'() {
    fromWebSocket('ws://127.0.0.1:59999/'); // the page would see a rejection that nobody handles
    toWebSocket('ws://127.0.0.1:59999/');
    equal((await rejection(within(10_000, toArray(fromWebSocket('ws://127.0.0.1:59999/'))))).name, 'SocketError');
    equal((await rejection(within(10_000, pipeline(['x'], toWebSocket('ws://127.0.0.1:59999/'))))).name, 'SocketError');
  },

  async 'one WebSocket serves both ways'() {
    const socket = ways['a WebSocket'].open('/echo');
    const received = toArray(fromWebSocket(socket));
    await pause(50);
    const echoed = new Promise((resolve) =>
      socket.addEventListener('message', ({ data }) => data === 'c' && resolve()),
    );
    await pipeline(
      (async function* () {
        yield* ['a', 'b', 'c'];
        await echoed;
      })(),
      toWebSocket(socket),
    );
    equal(await received, ['a', 'b', 'c']);
  },

  async 'fromEventSource goes on where the connection broke, losing and repeating nothing'() {
    const events = await toArray(fromEventSource('/events', { delay: 1 }).pipeThrough(take(35)));
    equal(
      events.map(({ data }) => Number(data)),
      Array.from({ length: 35 }, (_, n) => n),
    );
  },

  async 'fromEventSource of an EventSource gives the named events, and closes it'() {
    const source = new EventSource('/events');
    const events = await toArray(fromEventSource(source, { events: ['odd'] }).pipeThrough(take(3)));
    equal(
      events.map(({ type, data }) => `${type} ${data}`),
      ['odd 1', 'odd 3', 'odd 5'],
    );
    equal(source.readyState, EventSource.CLOSED);
  },

  async 'fromEventSource ends where the server says so'() {
    equal(
      (await toArray(fromEventSource('/events/once', { delay: 1 }))).map(({ data }) => data),
      ['a', 'b'],
    );
  },

  async 'fromEventSource holds the server back where the engine can'() {
    if (!/Chrome/.test(navigator.userAgent))
      throw new Skip('this engine receives a body that nobody reads all the same');
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
