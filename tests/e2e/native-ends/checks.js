/**
 * What only a page can show: fetch bodies, files and the engine's transforms at the ends of tidegate's streams. Each
 * check returns what it saw; the test says what that must be.
 */
import { ReadableStream, TransformStream, fromNative, pipeTo, pipeline, toNative } from '/dist/index.js';

const failure = new Error('the first error');

const bytesOf = async (chunks) => {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.byteLength;
  return bytes;
};

async function outcomeOf(promise) {
  try {
    return { value: await promise };
  } catch (error) {
    return error === failure ? 'the first error' : String(error);
  }
}

/** What the engine's own can do, by trying. */
const engineCan = {
  async 'read a body into a buffer'() {
    const { body } = await fetch('/bytes');
    try {
      const reader = body.getReader({ mode: 'byob' });
      await reader.read(new Uint8Array(1));
      await reader.cancel();
      return true;
    } catch {
      if (!body.locked) await body.cancel();
      return false;
    }
  },

  async 'transfer a stream'() {
    const stream = new globalThis.ReadableStream();
    try {
      structuredClone(stream, { transfer: [stream] });
      return true;
    } catch {
      return false;
    }
  },
};

const checks = {
  'a fetch body arrives whole': () =>
    pipeline(({ signal }) => fetch('/bytes', { signal }), new TransformStream(), bytesOf),

  'a fetch body goes through a transform of the engine': async () => {
    const pair = new globalThis.TransformStream({
      transform: (chunk, controller) => controller.enqueue(chunk.subarray(1)),
    });
    return (await pipeline(await fetch('/bytes'), pair, bytesOf)) < 3_000_000;
  },

  'a gzipped fetch body is unzipped by the engine': async () => {
    const response = await fetch('/zipped');
    return pipeline(response, new DecompressionStream('gzip'), async (chunks) => {
      const decoder = new TextDecoder();
      let text = '';
      for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
      return text;
    });
  },

  'corrupt gzip fails the pipeline': async () => {
    const outcome = await outcomeOf(pipeline(new Blob(['no gzip at all']), new DecompressionStream('gzip'), bytesOf));
    return typeof outcome === 'string';
  },

  'a Blob is a source': () => pipeline(new Blob(['ebb', ' and ', 'flow']), bytesOf),

  'a stream of ours is the body of a Response': async () => {
    const encoder = new TextEncoder();
    const body = new ReadableStream({
      start(controller) {
        for (const word of ['ebb', ' and ', 'flow']) controller.enqueue(encoder.encode(word));
        controller.close();
      },
    });
    return new Response(toNative(body)).text();
  },

  'a failing stream of ours fails the Response it is the body of': async () => {
    const body = new ReadableStream({ pull: () => Promise.reject(failure) });
    // With what error is the engine's choice: each has a TypeError of its own.
    return typeof (await outcomeOf(new Response(toNative(body)).text())) === 'string';
  },

  "a stream of the engine's is piped into one of the engine's": async () => {
    const written = [];
    const destination = new globalThis.WritableStream({ write: (chunk) => void written.push(chunk.byteLength) });
    await pipeTo((await fetch('/bytes')).body, destination);
    return written.reduce((sum, bytes) => sum + bytes, 0);
  },

  "a body of the engine is read into a buffer of one's own, where it can be": async () => {
    const stream = fromNative((await fetch('/bytes')).body);
    let reader;
    try {
      reader = stream.getReader({ mode: 'byob' });
    } catch {
      await stream.cancel();
      return 'no byte streams';
    }
    const { value } = await reader.read(new Uint8Array(1000), { min: 1000 });
    await reader.cancel();
    return value.byteLength;
  },

  'streams of another frame are taken': async () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const { ReadableStream: Readable, TransformStream: Transform } = frame.contentWindow;
    const source = new Readable({
      start(controller) {
        controller.enqueue(new Uint8Array(7));
        controller.close();
      },
    });
    const bytes = await pipeline(source, new Transform(), bytesOf);
    frame.remove();
    return bytes;
  },

  'a stream of ours goes to a worker as one of the engine': async () => {
    const code =
      'onmessage = async ({ data }) => { let n = 0; const r = data.getReader(); for (;;) { const { done, value } = await r.read(); if (done) break; n += value.byteLength; } postMessage(n); };';
    const worker = new Worker(URL.createObjectURL(new Blob([code])));
    const stream = toNative(fromNative((await fetch('/bytes')).body));
    try {
      worker.postMessage(stream, [stream]);
    } catch {
      worker.terminate();
      return 'no transfer';
    }
    const count = await new Promise((resolve) => worker.addEventListener('message', ({ data }) => resolve(data)));
    worker.terminate();
    return count;
  },

  'an abort ends the connection': async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(failure), 100);
    return outcomeOf(
      pipeline(await fetch('/endless?abort'), new TransformStream(), bytesOf, { signal: controller.signal }),
    );
  },

  'a stage that throws ends the connection': async () => {
    const stage = new TransformStream({
      transform() {
        throw failure;
      },
    });
    return outcomeOf(pipeline(await fetch('/endless?stage'), stage, bytesOf));
  },

  'a consumer that has had enough ends the connection': async () => {
    const first = async (chunks) => {
      for await (const chunk of chunks) return chunk.byteLength > 0;
    };
    return outcomeOf(pipeline(await fetch('/endless?enough'), new TransformStream(), first));
  },
};

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason)));

const can = {};
for (const [name, trial] of Object.entries(engineCan)) can[name] = await trial();
const seen = {};
for (const [name, check] of Object.entries(checks)) {
  try {
    seen[name] = await Promise.race([
      check(),
      new Promise((resolve) => setTimeout(resolve, 5000, 'not settled within 5 s')),
    ]);
  } catch (error) {
    seen[name] = `threw ${error?.stack ?? error}`;
  }
}
await new Promise((resolve) => setTimeout(resolve, 50));
await fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({ can, seen, unhandled }),
});
