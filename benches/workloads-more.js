/**
 * Workloads beside the fourteen of workloads.js, of the same shape: shorter lives, more streams at once, real ends, bytes
 * that are looked at. `context.bytesUrl` serves as many KiB of bytes as its `chunks` parameter says.
 */
const CHUNK = 1024;
const shared = new Uint8Array(CHUNK).fill(7);

const pull = (chunks, make = () => shared) => {
  let sent = 0;
  return {
    pull(controller) {
      sent += 1;
      controller.enqueue(make(sent));
      if (sent === chunks) controller.close();
    },
  };
};

const identity = () => ({ transform: (chunk, controller) => controller.enqueue(chunk) });

/** Streams that end after three chunks, one after another. */
const shortStreams = {
  async run({ ReadableStream, WritableStream }, chunks) {
    let count = 0;
    const sink = {
      write() {
        count += 1;
      },
    };
    for (let left = chunks; left > 0; left -= 3) {
      await new ReadableStream(pull(Math.min(3, left))).pipeTo(new WritableStream(sink));
    }
    return count;
  },
};

/** `streams` pipes that run at once and share `chunks`; how many chunks arrived. */
export async function pipes({ ReadableStream, WritableStream }, chunks, streams) {
  let count = 0;
  const sink = {
    write() {
      count += 1;
    },
  };
  const running = [];
  for (let i = 0; i < streams; i += 1) {
    const share = Math.floor((chunks * (i + 1)) / streams) - Math.floor((chunks * i) / streams);
    if (share > 0) running.push(new ReadableStream(pull(share)).pipeTo(new WritableStream(sink)));
  }
  await Promise.all(running);
  return count;
}

/** A hundred pipes that run at once. */
const pipes100 = { run: (implementation, chunks) => pipes(implementation, chunks, 100) };

/** A sink whose writes take a few microtasks each, as real ones do. */
const slowSink = {
  async run({ ReadableStream, WritableStream }, chunks) {
    let count = 0;
    const sink = {
      async write() {
        await undefined;
        await undefined;
        count += 1;
      },
    };
    await new ReadableStream(pull(chunks)).pipeTo(new WritableStream(sink));
    return count;
  },
};

/** Queues measured in bytes at both ends. */
const byteLengths = {
  async run({ ReadableStream, WritableStream, ByteLengthQueuingStrategy }, chunks) {
    let bytes = 0;
    const strategy = () => new ByteLengthQueuingStrategy({ highWaterMark: 16 * CHUNK });
    const sink = {
      write(chunk) {
        bytes += chunk.byteLength;
      },
    };
    await new ReadableStream(pull(chunks), strategy()).pipeTo(new WritableStream(sink, strategy()));
    return bytes / CHUNK;
  },
};

/** Fresh bytes through a transform that copies them, every byte of what arrives added up: nothing passes by reference. */
const checksum = {
  async run({ ReadableStream, WritableStream, TransformStream }, chunks) {
    let arrived = 0;
    let sum = 0;
    const source = pull(chunks, (turn) => new Uint8Array(CHUNK).fill(turn));
    const copy = { transform: (chunk, controller) => controller.enqueue(chunk.slice()) };
    const sink = {
      write(chunk) {
        // In a local, as V8 allocates a number for each store of a captured sum that is larger than a small integer.
        let added = 0;
        for (let i = 0; i < chunk.length; i += 1) added += chunk[i];
        sum += added;
        arrived += 1;
      },
    };
    await new ReadableStream(source).pipeThrough(new TransformStream(copy)).pipeTo(new WritableStream(sink));
    let expected = 0;
    for (let turn = 1; turn <= chunks; turn += 1) expected += (turn & 255) * CHUNK;
    if (sum !== expected) throw new Error(`the bytes add up to ${sum}, not to ${expected}`);
    return arrived;
  },
};

/** The body of a fetch through three transforms into a Response, whose bytes are counted. */
const fetchForward = {
  needs: ({ fromNative, ReadableStream }, { bytesUrl }) =>
    bytesUrl !== undefined && (fromNative !== undefined || ReadableStream === globalThis.ReadableStream),
  async run({ TransformStream, fromNative, toNative }, chunks, { bytesUrl }) {
    const { body } = await fetch(`${bytesUrl}?chunks=${chunks}`);
    let stream = fromNative ? fromNative(body) : body;
    for (let i = 0; i < 3; i += 1) stream = stream.pipeThrough(new TransformStream(identity()));
    const forwarded = await new Response(toNative ? toNative(stream) : stream).arrayBuffer();
    return forwarded.byteLength / CHUNK;
  },
};

const filledReader = ({ ReadableStream }, chunks) =>
  new ReadableStream(pull(chunks), { highWaterMark: 16 }).getReader();

/** A queue of 16 read one by one: what `readMany` is to be compared with. */
const readOneByOne = {
  async run(implementation, chunks) {
    const reader = filledReader(implementation, chunks);
    let count = 0;
    for (;;) {
      const { done } = await reader.read();
      if (done) return count;
      count += 1;
    }
  },
};

/** The same queue read as it stands, one promise each time. */
const readMany = {
  needs: ({ ReadableStreamDefaultReader }) => ReadableStreamDefaultReader?.prototype.readMany !== undefined,
  async run(implementation, chunks) {
    const reader = filledReader(implementation, chunks);
    let count = 0;
    for (;;) {
      const { value, done } = await reader.readMany();
      if (done) return count;
      count += value.length;
    }
  },
};

/** The same in a loop over `batches()`. */
const forAwaitBatches = {
  needs: ({ batches }) => batches !== undefined,
  async run({ ReadableStream, batches }, chunks) {
    let count = 0;
    for await (const batch of batches(new ReadableStream(pull(chunks), { highWaterMark: 16 }))) count += batch.length;
    return count;
  },
};

/** Sixteen chunks at a time, one by one: what `writeMany` is to be compared with. */
const writeOneByOne = {
  async run({ WritableStream }, chunks) {
    let count = 0;
    const writer = new WritableStream(
      {
        write() {
          count += 1;
        },
      },
      { highWaterMark: 16 },
    ).getWriter();
    for (let left = chunks; left > 0; left -= 16) {
      await writer.ready;
      for (let i = Math.min(16, left); i > 0; i -= 1) writer.write(shared);
    }
    await writer.close();
    return count;
  },
};

/** Sixteen chunks a call, one promise each time. */
const writeMany = {
  needs: ({ WritableStreamDefaultWriter }) => WritableStreamDefaultWriter?.prototype.writeMany !== undefined,
  async run({ WritableStream }, chunks) {
    let count = 0;
    const writer = new WritableStream(
      {
        write() {
          count += 1;
        },
      },
      { highWaterMark: 16 },
    ).getWriter();
    for (let left = chunks; left > 0; left -= 16) {
      await writer.ready;
      writer.writeMany(new Array(Math.min(16, left)).fill(shared));
    }
    await writer.close();
    return count;
  },
};

const hasPipeline = ({ pipeline }) => pipeline !== undefined;

async function countAll(chunks) {
  let count = 0;
  for await (const chunk of chunks) count += chunk === undefined ? 0 : 1;
  return count;
}

function* numbers(chunks) {
  for (let n = 0; n < chunks; n += 1) yield n;
}

async function* asyncNumbers(chunks) {
  yield* numbers(chunks);
}

/** A generator read by a function: nothing of a stream between. */
const generatorForAwait = {
  needs: hasPipeline,
  run: ({ pipeline }, chunks) => pipeline(numbers(chunks), countAll),
};

/** The same with a function for each chunk. */
const generatorMapForAwait = {
  needs: hasPipeline,
  run: ({ pipeline }, chunks) => pipeline(numbers(chunks), (n) => n + 1, countAll),
};

/** The same of an async generator. */
const asyncGeneratorMapForAwait = {
  needs: hasPipeline,
  run: ({ pipeline }, chunks) => pipeline(asyncNumbers(chunks), (n) => n + 1, countAll),
};

export const moreWorkloads = {
  shortStreams,
  pipes100,
  slowSink,
  byteLengths,
  checksum,
  fetchForward,
  readOneByOne,
  readMany,
  forAwaitBatches,
  writeOneByOne,
  writeMany,
  generatorForAwait,
  generatorMapForAwait,
  asyncGeneratorMapForAwait,
};
