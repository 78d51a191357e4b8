/** The polyfill in a page. Each check returns what it saw; the test says what that must be. */
const names = [
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
const interfaces = [
  ...names,
  'Response',
  'Request',
  'Blob',
  'MessagePort',
  'MessageEvent',
  'Worker',
  'CompressionStream',
  'DecompressionStream',
  'TextDecoderStream',
  'TextEncoderStream',
];
const engine = Object.fromEntries(interfaces.map((name) => [name, globalThis[name]]));

const descriptors = (object) =>
  Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)]);

/** Every own property of what a page shares. */
const snapshot = () =>
  new Map([
    ['globalThis', descriptors(globalThis)],
    ...Object.entries(engine)
      .filter(([, value]) => value)
      .flatMap(([name, value]) => [
        [name, descriptors(value)],
        [`${name}.prototype`, descriptors(value.prototype)],
      ]),
  ]);

/** The names of the properties that differ. */
function differences(before, after) {
  const changed = [];
  for (const [name, properties] of before) {
    const now = new Map(after.get(name));
    for (const [key, descriptor] of properties) {
      const other = now.get(key) ?? {};
      now.delete(key);
      if (Object.keys(descriptor).some((field) => !Object.is(descriptor[field], other[field])))
        changed.push(`${name}.${String(key)}`);
    }
    for (const key of now.keys()) changed.push(`${name}.${String(key)}`);
  }
  return changed;
}

/** What the engine itself does, by using it: each name of a trial of the polyfill's, and whether it works. */
async function engineDoes() {
  const works = async (use) => {
    try {
      return (await use()) === true;
    } catch {
      return false;
    }
  };
  return {
    'byte streams': await works(async () => {
      const source = { type: 'bytes', pull: (controller) => controller.byobRequest.respond(1) };
      return (await new ReadableStream(source).getReader({ mode: 'byob' }).read(new Uint8Array(2))).value.length === 1;
    }),
    'transformer.cancel': await works(async () => {
      let called = false;
      await new TransformStream({ cancel: () => void (called = true) }).readable.cancel();
      return called;
    }),
    'async iteration': await works(async () => {
      const stream = new ReadableStream({ start: (controller) => void controller.enqueue('only') });
      for await (const chunk of stream) return chunk === 'only';
      return false;
    }),
    'ReadableStream.from': await works(async () => {
      const { value } = await ReadableStream.from(['only']).getReader().read();
      return value === 'only' && !(await works(() => ReadableStream.from('text') !== undefined)); // a string is no sequence of chunks
    }),
    transfer: await works(() => {
      const stream = new ReadableStream();
      return structuredClone(stream, { transfer: [stream] }) instanceof ReadableStream;
    }),
  };
}

/** How pages find out whether an engine streams a request's body: it then asks for `duplex`, and makes no text of the stream. */
function tryRequest() {
  let asked = false;
  try {
    const request = new Request('/', {
      method: 'POST',
      body: new ReadableStream(),
      get duplex() {
        asked = true;
        return 'half';
      },
    });
    return { asked, type: request.headers.get('content-type') };
  } catch (error) {
    return error.name;
  }
}

/** Whether a list of 20,000 objects, each in the one before, is cloned and posted. Some engines clone it, others call too deep. */
async function cloneDeep() {
  const cloned = attempt(() => structuredClone(deep()) && true);
  const { port1, port2 } = new MessageChannel();
  const posted = await new Promise((resolve) => {
    port2.onmessage = ({ data }) => resolve(typeof data.next === 'object');
    port2.onmessageerror = () => resolve(false);
    if (!attempt(() => port1.postMessage(deep()) ?? true)) resolve(false);
  });
  port1.close();
  return [cloned, posted];
}

function deep() {
  let list = {};
  for (let n = 0; n < 20_000; n += 1) list = { next: list };
  return list;
}

function attempt(call) {
  try {
    return call();
  } catch {
    return false;
  }
}

const engineDeep = await cloneDeep();
const engineRequest = tryRequest();
const engineCan = {
  ...(await engineDoes()),
  'stream a request': engineRequest.asked === true && engineRequest.type === null,
};
const before = snapshot();
const { install, lacking, uninstall } = await import('/dist/polyfill.js');
const { ReadableStream: Ours } = await import('/dist/index.js');

async function textOf(stream) {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream) text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  return text;
}

const outcome = (promise) =>
  promise.then(
    (value) => value,
    (error) => error.name,
  );

const checks = {
  'what the engine can do': () => engineCan,

  'what the engine lacks': () => lacking(),

  'the import installed what is lacking': () => ReadableStream === Ours,

  'the page is as it was after uninstall()': () => {
    uninstall();
    const left = differences(before, snapshot());
    install();
    return left;
  },

  'the page is as it was after install({ force: true }) and uninstall()': () => {
    install({ force: true });
    uninstall();
    const left = differences(before, snapshot());
    install();
    return left;
  },

  'what is lacking works': async () => {
    let cancelled = false;
    const { readable } = new TransformStream({ cancel: () => void (cancelled = true) });
    await readable.cancel();
    const reader = new ReadableStream({ type: 'bytes', pull: (c) => c.byobRequest.respond(1) }).getReader({
      mode: 'byob',
    });
    const { value } = await reader.read(new Uint8Array(3));
    return [cancelled, value.byteLength, await textOf(ReadableStream.from(['a', 'b']))];
  },

  'a fetch body is a byte stream of the page': async () => {
    const { body } = await fetch('/text');
    const reader = body.getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(4), { min: 4 });
    await reader.cancel();
    return [body instanceof ReadableStream, new TextDecoder().decode(value)];
  },

  'a fetch body of megabytes is read whole': async () => {
    let bytes = 0;
    for await (const chunk of (await fetch('/bytes')).body) bytes += chunk.byteLength;
    return bytes;
  },

  'looking at a body takes nothing from text()': async () => {
    const response = await fetch('/text');
    const { locked } = response.body;
    return [locked, await response.text(), response.bodyUsed];
  },

  'a body with a reader is not for text()': async () => {
    const response = await fetch('/text');
    response.body.getReader();
    return outcome(response.text());
  },

  'a Response is made of a stream, and has it for its body': async () => {
    const stream = ReadableStream.from([new Uint8Array([104]), new Uint8Array([105])]);
    const response = new Response(stream);
    return [response.body === stream, await response.text()];
  },

  "a fetch body goes through the engine's transforms": async () => {
    const { body } = await fetch('/zipped');
    return textOf(body.pipeThrough(new DecompressionStream('gzip')).pipeThrough(new TextDecoderStream()));
  },

  'a body that text() reads is locked at once, and read whole': async () => {
    const stream = new ReadableStream({ start: (c) => (c.enqueue(new TextEncoder().encode('hi')), c.close()) });
    const seen = [];
    for (const response of [new Response(stream), await fetch('/text')]) {
      const text = response.text();
      seen.push(await outcome((async () => response.body.getReader())()), await text);
    }
    return seen;
  },

  'clones of a Response of a stream read the same': async () => {
    const encoder = new TextEncoder();
    const stream = new ReadableStream({
      start(controller) {
        for (const word of ['high ', 'tide']) controller.enqueue(encoder.encode(word));
        controller.close();
      },
    });
    const response = new Response(stream);
    const copy = response.clone();
    return [await textOf(copy.body), await textOf(response.body)];
  },

  'a deep message goes through as with the engine alone': async () =>
    (await cloneDeep()).map((works, n) => works === engineDeep[n]),

  'a Blob is compressed into a Response and back': async () => {
    const zipped = new Blob(['ebb and flow']).stream().pipeThrough(new CompressionStream('gzip'));
    return new Response(
      (await new Response(zipped).blob()).stream().pipeThrough(new DecompressionStream('gzip')),
    ).text();
  },

  'a Request of a stream is made as the engine makes one of its own': () =>
    JSON.stringify(tryRequest()) === JSON.stringify(engineRequest),

  'a Request has its body streamed, or is never sent': async () => {
    const body = () => ReadableStream.from(['ebb', ' and flow']).pipeThrough(new TextEncoderStream());
    const make = () => new Request('/text', { method: 'POST', body: body(), duplex: 'half' });
    if (engineCan['stream a request']) return make().text();
    const direct = { method: 'POST', body: body(), duplex: 'half' };
    const sent = [fetch(make()), fetch(new Request(make())), fetch(make().clone()), fetch('/text', direct)];
    return [
      ...(await Promise.all(sent.map(outcome))),
      direct.body.locked,
      await fetch(new Request(make(), { body: 'text' })).then(({ ok }) => ok),
    ];
  },

  'a stream goes to a worker and back by postMessage': async () => {
    const worker = new Worker('worker.js', { type: 'module' });
    const message = () =>
      new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
      });
    await message();
    const readable = ReadableStream.from(['high ', 'tide']);
    const answer = message();
    worker.postMessage({ readable }, [readable]);
    const { upper, isOwn } = await answer;
    return [readable.locked, isOwn, upper instanceof ReadableStream, await textOf(upper)];
  },

  'a stream is cloned by transfer': async () => {
    const pair = new TransformStream();
    const clone = structuredClone({ pair }, { transfer: [pair] });
    const writer = clone.pair.writable.getWriter();
    writer.write('through').then(() => writer.close());
    return [clone.pair instanceof TransformStream, await textOf(clone.pair.readable)];
  },

  'a message between windows keeps its source': async () => {
    const frame = document.createElement('iframe');
    frame.src = 'frame.html';
    const ready = new Promise((resolve) => addEventListener('message', resolve, { once: true }));
    document.body.append(frame);
    await ready;
    const source = new Promise((resolve) =>
      addEventListener('message', ({ data, source }) => resolve([data, source === frame.contentWindow]), {
        once: true,
      }),
    );
    frame.contentWindow.postMessage('whose', '*');
    return source;
  },
};

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason)));

const seen = {};
for (const [name, check] of Object.entries(checks)) {
  try {
    seen[name] = await Promise.race([
      check(),
      new Promise((resolve) => setTimeout(resolve, 10_000, 'not settled within 10 s')),
    ]);
  } catch (error) {
    seen[name] = `threw ${error?.stack ?? error}`;
  }
}
await new Promise((resolve) => setTimeout(resolve, 50));
await fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({ seen, unhandled }),
});
