/**
 * What is left of the workloads without streams: the callbacks of the page, the promises that it is given, and a microtask
 * for each callback whose end the standard waits for. No queue, no state, no error, no end but that of the count, so
 * nothing that is written in JavaScript and keeps the standard's order can be faster in the same engine. Name to
 * `run(chunks, context)`.
 */
const CHUNK = 1024;
const shared = new Uint8Array(CHUNK);

const resolved = Promise.resolve();
/** A method, as the engines compile that better than a call through a bound function. */
Object.defineProperty(resolved, 'react', { value: Promise.prototype.then });
const react = (job) => /** @type {any} */ (resolved).react(job);

let settle;
const capture = (resolve) => {
  settle = resolve;
};

/** Moves the bytes of `buffer` to a new one, and detaches it. */
const transfer = ArrayBuffer.prototype.transfer
  ? (buffer) => buffer.transfer()
  : (buffer) => structuredClone(buffer, { transfer: [buffer] });

/** A reader whose every read waits for the end of the pull before; `answer` makes what a read is given of `chunk`. */
function waitingReader(chunks, source, answer = (chunk) => chunk) {
  let left = chunks;
  let resolve;
  const controller = { enqueue: (chunk) => resolve({ value: answer(chunk), done: false }) };
  const pull = source.pull.bind(source, controller);
  const pulled = () => {
    left -= 1;
    if (left < 0) resolve({ value: undefined, done: true });
    else pull();
  };
  return {
    read() {
      const promise = new Promise(capture);
      resolve = settle;
      react(pulled);
      return promise;
    },
  };
}

/** A reader that finds a chunk each time. */
function readyReader(chunks) {
  let left = chunks;
  return {
    read() {
      left -= 1;
      return Promise.resolve(left < 0 ? { value: undefined, done: true } : { value: shared, done: false });
    },
  };
}

const pullSource = () => ({
  pull(controller) {
    controller.enqueue(shared);
  },
});

function countingSink() {
  return {
    count: 0,
    write(chunk) {
      if (chunk.byteLength !== CHUNK) throw new Error(`a chunk of ${chunk.byteLength} bytes arrived`);
      this.count += 1;
    },
  };
}

async function drain(reader) {
  let count = 0;
  for (;;) {
    const { done } = await reader.read();
    if (done) return count;
    count += 1;
  }
}

function writerOf(sink) {
  const write = sink.write.bind(sink);
  return {
    ready: Promise.resolve(),
    write(chunk) {
      const promise = new Promise(capture);
      const resolve = settle;
      write(chunk);
      react(resolve);
      return promise;
    },
  };
}

/** A microtask for each chunk, in which the source is pulled and the sink written to, through `transforms` in between. */
function pipe(chunks, source, sink, transforms = []) {
  let left = chunks;
  let held;
  let enqueue = (chunk) => {
    held = chunk;
  };
  for (const transform of transforms.reverse()) {
    const controller = { enqueue };
    const perform = transform.transform.bind(transform);
    enqueue = (chunk) => perform(chunk, controller);
  }
  const pull = source.pull.bind(source, { enqueue });
  const write = sink.write.bind(sink);
  return new Promise((resolve) => {
    const turn = () => {
      if (left === 0) return resolve();
      left -= 1;
      pull();
      write(held);
      react(turn);
    };
    react(turn);
  });
}

async function piped(chunks, transforms = 0) {
  const sink = countingSink();
  const identity = () => ({ transform: (chunk, controller) => controller.enqueue(chunk) });
  await pipe(chunks, pullSource(), sink, Array.from({ length: transforms }, identity));
  return sink.count;
}

export const floorWorkloads = {
  readLoop: (chunks) => drain(waitingReader(chunks, pullSource())),
  readBuffered: (chunks) => drain(readyReader(chunks)),
  async forAwait(chunks) {
    const reader = waitingReader(chunks, pullSource());
    let count = 0;
    for await (const chunk of { [Symbol.asyncIterator]: () => ({ next: reader.read }) })
      count += chunk.byteLength / CHUNK;
    return count;
  },
  async writeLoop(chunks) {
    const sink = countingSink();
    const writer = writerOf(sink);
    for (let i = 0; i < chunks; i += 1) {
      await writer.ready;
      writer.write(shared);
    }
    return sink.count;
  },
  async writeAwaited(chunks) {
    const sink = countingSink();
    const writer = writerOf(sink);
    for (let i = 0; i < chunks; i += 1) await writer.write(shared);
    return sink.count;
  },
  pipeTo: (chunks) => piped(chunks),
  pipeToHwm16: (chunks) => piped(chunks),
  transform1: (chunks) => piped(chunks, 1),
  transform3: (chunks) => piped(chunks, 3),
  transform8: (chunks) => piped(chunks, 8),
  async tee(chunks) {
    const first = waitingReader(chunks, pullSource());
    const second = readyReader(chunks);
    const [count] = await Promise.all([drain(first), drain(second)]);
    return count;
  },
  byteRead(chunks) {
    const source = {
      pull(controller) {
        controller.enqueue(new Uint8Array(CHUNK));
      },
    };
    return drain(
      waitingReader(
        chunks,
        source,
        ({ buffer, byteOffset, byteLength }) => new Uint8Array(transfer(buffer), byteOffset, byteLength),
      ),
    );
  },
  async byobRead(chunks) {
    let view = new Uint8Array(CHUNK);
    let bytes = 0;
    for (let i = 0; i < chunks; i += 1) {
      const promise = new Promise(capture);
      settle({ value: new Uint8Array(transfer(view.buffer), 0, CHUNK), done: false }); // nobody looked at the source's view
      const { value } = await promise;
      bytes += value.byteLength;
      view = new Uint8Array(value.buffer);
    }
    return bytes / CHUNK;
  },
  async fromAsyncGen(chunks) {
    const sink = countingSink();
    async function* generate() {
      for (let i = 0; i < chunks; i += 1) yield shared;
    }
    for await (const chunk of generate()) sink.write(chunk);
    return sink.count;
  },
  async shortStreams(chunks) {
    const sink = countingSink();
    for (let left = chunks; left > 0; left -= 3) await pipe(Math.min(3, left), pullSource(), sink);
    return sink.count;
  },
  async pipes100(chunks) {
    // One microtask for the chunks of all: between two callbacks of one pipe there is one, as there must be.
    const sink = countingSink();
    const enqueue = (chunk) => sink.write(chunk);
    const sources = Array.from({ length: 100 }, pullSource);
    for (let left = chunks; left > 0; left -= 100) {
      for (let i = Math.min(100, left) - 1; i >= 0; i -= 1) sources[i].pull({ enqueue });
      await undefined;
    }
    return sink.count;
  },
  async slowSink(chunks) {
    let count = 0;
    const sink = {
      async write() {
        await undefined;
        await undefined;
        count += 1;
      },
    };
    for (let i = 0; i < chunks; i += 1) await sink.write();
    return count;
  },
  async byteLengths(chunks) {
    let bytes = 0;
    const size = (chunk) => chunk.byteLength;
    const sink = {
      write(chunk) {
        bytes += size(chunk);
      },
    };
    await pipe(chunks, pullSource(), sink);
    return bytes / CHUNK;
  },
  async checksum(chunks) {
    let turn = 0;
    let sum = 0;
    let arrived = 0;
    const source = {
      pull(controller) {
        controller.enqueue(new Uint8Array(CHUNK).fill((turn += 1)));
      },
    };
    const copy = { transform: (chunk, controller) => controller.enqueue(chunk.slice()) };
    const sink = {
      write(chunk) {
        let added = 0;
        for (let i = 0; i < chunk.length; i += 1) added += chunk[i];
        sum += added;
        arrived += 1;
      },
    };
    await pipe(chunks, source, sink, [copy]);
    return sum > 0 ? arrived : 0;
  },
  async fetchForward(chunks, { bytesUrl }) {
    return (await (await fetch(`${bytesUrl}?chunks=${chunks}`)).arrayBuffer()).byteLength / CHUNK;
  },
  /** The source gives a chunk for each pull, so the queue is empty whenever the reader comes, whatever its mark. */
  readOneByOne: (chunks) => drain(waitingReader(chunks, pullSource())),
  async writeOneByOne(chunks) {
    const sink = countingSink();
    const writer = writerOf(sink);
    for (let left = chunks; left > 0; left -= 16) {
      await writer.ready;
      for (let i = Math.min(16, left); i > 0; i -= 1) writer.write(shared);
    }
    return sink.count;
  },
};
