/**
 * What is held while a producer could make gigabytes and nobody takes them: for every source with a consumer that has stopped, and for every sink whose
 * other side has. The producer stands still, and memory with it; the figures are printed.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WebSocket, WebSocketServer } from 'ws';
import {
  channel,
  fromCursor,
  fromEvents,
  fromEventSource,
  fromFetch,
  fromFile,
  fromMessagePort,
  fromQueue,
  fromWebSocket,
  pipeline,
  toFetch,
  toMessagePort,
  toResponse,
  toWebSocket,
  WritableStream,
} from 'tidegate';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

const KB = 1024;
const MB = 1024 * KB;
const CHUNK = 64 * KB;
/** More than anything here holds, buffers of Node's sockets among it, and far less than what a producer would make in the time. */
const MOST = 32 * MB;
const GROWTH = 1 * MB;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const never = new Promise(() => {});

function held() {
  for (let n = 0; n < 4; n += 1) gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Resolves when `made()` has not changed for 200 milliseconds. */
async function standing(made) {
  for (let n = 0; n < 50; n += 1) {
    const was = made();
    await pause(200);
    if (made() === was && was > 0) return;
  }
  assert.fail(`the producer does not stand still; it has made ${made()}`);
}

/** Chunks as fast as they are taken. */
function* flood(state) {
  for (;;) {
    state.made += 1;
    yield new Uint8Array(CHUNK);
  }
}

async function measure(t, start) {
  const state = { made: 0 };
  const before = held();
  const controller = new AbortController();
  const { stop, made = () => state.made, unit = `chunks of ${CHUNK / KB} KiB` } = await start(state, controller.signal);
  try {
    await standing(made);
    const first = held() - before;
    const stood = made();
    await pause(800);
    const second = held() - before;
    t.diagnostic(`stood at ${stood} ${unit}, holding ${(second / MB).toFixed(1)} MB`);
    assert.equal(made(), stood, 'the producer went on');
    assert.ok(second < MOST, `${(second / MB).toFixed(1)} MB are held`);
    assert.ok(second - first < GROWTH, `memory grew by ${((second - first) / MB).toFixed(1)} MB`);
  } finally {
    controller.abort(new Error('measured'));
    await stop?.();
  }
}

/** A pipeline from `source` into a consumer that takes three chunks and then nothing. */
function stopped(source, signal) {
  pipeline(
    source,
    async (chunks) => {
      for (let n = 0; n < 3; n += 1) await chunks.next();
      await never;
    },
    { signal },
  ).catch(() => {});
}

describe('memory stands still', () => {
  let folder;
  let http;
  let sockets;
  let origin;
  const counts = { bytes: 0, events: 0, messages: 0 };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-memory-'));
    const file = await open(join(folder, 'large'), 'w');
    await file.truncate(1024 * MB);
    await file.close();
    const pour = (response, write) => {
      const go = () => {
        while (!response.destroyed && write());
      };
      response.on('drain', go);
      go();
    };
    const block = Buffer.alloc(CHUNK);
    http = createServer((request, response) => {
      if (request.url === '/bytes') pour(response, () => ((counts.bytes += 1), response.write(block)));
      else if (request.url === '/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const event = `data: ${'x'.repeat(CHUNK)}\n\n`;
        pour(response, () => ((counts.events += 1), response.write(event)));
      } else request.pause(); // an upload that nobody reads
    });
    sockets = new WebSocketServer({ server: http });
    sockets.on('connection', async (socket, { url }) => {
      socket.on('error', () => {});
      if (url === '/stop') return void socket.pause();
      while (socket.readyState === WebSocket.OPEN) {
        counts.messages += 1;
        await new Promise((resolve) => socket.send(block, resolve));
      }
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    origin = `http://127.0.0.1:${http.address().port}`;
  });
  after(async () => {
    for (const socket of sockets.clients) socket.terminate();
    http.closeAllConnections();
    http.close();
    await rm(folder, { recursive: true });
  });

  const sources = {
    channel(state, signal) {
      const chunks = channel({ size: 'bytes', highWaterMark: 4 * CHUNK, capacity: 8 * CHUNK });
      const from = flood(state);
      const write = () => {
        while (chunks.write(from.next().value));
      };
      chunks.addEventListener('drain', write);
      write();
      stopped(chunks.readable, signal);
      return {};
    },
    fromEvents(state, signal) {
      const target = new EventTarget();
      let running = true;
      stopped(
        fromEvents(target, 'chunk', {
          map: ({ chunk }) => chunk,
          pause: () => void (running = false),
          resume: () => void (running = true),
        }),
        signal,
      );
      const from = flood(state);
      const timer = setInterval(() => {
        while (running) target.dispatchEvent(Object.assign(new Event('chunk'), { chunk: from.next().value }));
      }, 1);
      return { stop: () => clearInterval(timer) };
    },
    fromFetch(state, signal) {
      stopped(fromFetch(`${origin}/bytes`), signal);
      return { made: () => counts.bytes };
    },
    async fromFile(state, signal) {
      const blob = await openAsBlob(join(folder, 'large'));
      const slice = blob.slice.bind(blob);
      blob.slice = (from, to) => {
        state.made += 1;
        return slice(from, to);
      };
      stopped(fromFile(blob), signal);
      return { unit: 'slices of 256 KiB' };
    },
    fromCursor(state, signal) {
      const from = flood(state);
      stopped(
        fromCursor(
          { read: async (count) => Array.from({ length: count }, () => from.next().value), close() {} },
          { batch: 20 },
        ),
        signal,
      );
      return {};
    },
    fromMessagePort(state, signal) {
      const { port1, port2 } = new MessageChannel();
      pipeline(flood(state), toMessagePort(port2)).catch(() => {});
      stopped(fromMessagePort(port1, { highWaterMark: 8 }), signal);
      return {};
    },
    fromWebSocket(state, signal) {
      stopped(fromWebSocket(new WebSocket(`${origin.replace('http', 'ws')}/flood`)), signal);
      return { made: () => counts.messages };
    },
    fromEventSource(state, signal) {
      stopped(fromEventSource(`${origin}/events`), signal);
      return { made: () => counts.events };
    },
    fromQueue(state, signal) {
      const from = flood(state);
      let running = true;
      let timer;
      stopped(
        fromQueue({
          subscribe(deliver) {
            timer = setInterval(() => {
              while (running) deliver(from.next().value);
            }, 1);
            return () => clearInterval(timer);
          },
          ack() {},
          pause: () => void (running = false),
          resume: () => void (running = true),
        }),
        signal,
      );
      return { stop: () => clearInterval(timer) };
    },
  };

  for (const [name, start] of Object.entries(sources)) {
    test(`from ${name} into a consumer that has stopped`, (t) => measure(t, start));
  }

  const sinks = {
    'a stream that does not write': () => new WritableStream({ write: () => never }),
    'toFetch, streaming to a server that does not read': () => toFetch(`${origin}/upload`, { as: 'stream' }),
    'toFetch, in parts of 1 MiB that are not answered': () =>
      toFetch(`${origin}/upload`, { as: 'parts', partSize: MB }),
    'toResponse, of which nobody reads the body': () => toResponse(),
    'toMessagePort, at whose other end nobody reads': (signal) => {
      const { port1, port2 } = new MessageChannel();
      stopped(fromMessagePort(port2), signal);
      return toMessagePort(port1);
    },
    'toWebSocket, whose other side does not read': () =>
      toWebSocket(new WebSocket(`${origin.replace('http', 'ws')}/stop`)),
  };

  for (const [name, make] of Object.entries(sinks)) {
    test(`into ${name}`, (t) =>
      measure(t, (state, signal) => {
        pipeline(flood(state), make(signal), { signal }).catch(() => {});
        return {};
      }));
  }
});
