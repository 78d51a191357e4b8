/**
 * The workloads of the stream benchmark, for pages and Node alike. Each moves `chunks` chunks of 1 KiB through streams of
 * one implementation and returns how many arrived; sources pull one chunk a call, sinks and transforms are synchronous,
 * high-water marks are the defaults unless named.
 *
 * `implementation` is an object with the standard's constructors. A workload whose `needs` names something the
 * implementation lacks is left out for it.
 */

const CHUNK = 1024;

/** The same chunk again and again: what is measured is streams, not allocation. */
const shared = new Uint8Array(CHUNK);

/** A pull source of `chunks` chunks. */
function pullSource({ ReadableStream }, chunks, strategy) {
  let sent = 0;
  return new ReadableStream(
    {
      pull(controller) {
        sent += 1;
        controller.enqueue(shared);
        if (sent === chunks) controller.close();
      },
    },
    strategy,
  );
}

/** A sink that counts. */
function countingSink({ WritableStream }, counter, strategy) {
  return new WritableStream(
    {
      write(chunk) {
        if (chunk.byteLength !== CHUNK) throw new Error(`a chunk of ${chunk.byteLength} bytes arrived`);
        counter.count += 1;
      },
    },
    strategy,
  );
}

function identity({ TransformStream }) {
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk);
    },
  });
}

async function drain(reader) {
  let count = 0;
  for (;;) {
    const { done } = await reader.read();
    if (done) return count;
    count += 1;
  }
}

async function throughTransforms(implementation, chunks, transforms) {
  const counter = { count: 0 };
  let readable = pullSource(implementation, chunks);
  for (let i = 0; i < transforms; i += 1) readable = readable.pipeThrough(identity(implementation));
  await readable.pipeTo(countingSink(implementation, counter));
  return counter.count;
}

function byteSource({ ReadableStream }, chunks) {
  let sent = 0;
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      sent += 1;
      const request = controller.byobRequest;
      if (request) request.respond(CHUNK);
      else controller.enqueue(new Uint8Array(CHUNK));
      if (sent === chunks) controller.close();
    },
  });
}

const hasByteStreams = ({ ReadableStream }) => {
  try {
    return new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' }) !== undefined;
  } catch {
    return false;
  }
};

/** Name to workload, in the order in which tables list them. */
export const basicWorkloads = {
  /** A pull source, `await read()`. */
  readLoop: {
    run: (implementation, chunks) => drain(pullSource(implementation, chunks).getReader()),
  },
  /** Everything enqueued in start, then read. */
  readBuffered: {
    run({ ReadableStream }, chunks) {
      const stream = new ReadableStream({
        start(controller) {
          for (let i = 0; i < chunks; i += 1) controller.enqueue(shared);
          controller.close();
        },
      });
      return drain(stream.getReader());
    },
  },
  /** A pull source in `for await`. */
  forAwait: {
    needs: ({ ReadableStream }) => ReadableStream.prototype[Symbol.asyncIterator] !== undefined,
    async run(implementation, chunks) {
      let count = 0;
      for await (const chunk of pullSource(implementation, chunks)) count += chunk.byteLength / CHUNK;
      return count;
    },
  },
  /** `await ready; write()` with a high-water mark of 16. */
  writeLoop: {
    async run(implementation, chunks) {
      const counter = { count: 0 };
      const writer = countingSink(implementation, counter, { highWaterMark: 16 }).getWriter();
      for (let i = 0; i < chunks; i += 1) {
        await writer.ready;
        writer.write(shared);
      }
      await writer.close();
      return counter.count;
    },
  },
  /** `await write()`. */
  writeAwaited: {
    async run(implementation, chunks) {
      const counter = { count: 0 };
      const writer = countingSink(implementation, counter).getWriter();
      for (let i = 0; i < chunks; i += 1) await writer.write(shared);
      await writer.close();
      return counter.count;
    },
  },
  pipeTo: {
    async run(implementation, chunks) {
      const counter = { count: 0 };
      await pullSource(implementation, chunks).pipeTo(countingSink(implementation, counter));
      return counter.count;
    },
  },
  /** Both ends with a high-water mark of 16. */
  pipeToHwm16: {
    async run(implementation, chunks) {
      const counter = { count: 0 };
      await pullSource(implementation, chunks, { highWaterMark: 16 }).pipeTo(
        countingSink(implementation, counter, { highWaterMark: 16 }),
      );
      return counter.count;
    },
  },
  transform1: { run: (implementation, chunks) => throughTransforms(implementation, chunks, 1) },
  transform3: { run: (implementation, chunks) => throughTransforms(implementation, chunks, 3) },
  transform8: { run: (implementation, chunks) => throughTransforms(implementation, chunks, 8) },
  /** Both branches read at once. */
  tee: {
    async run(implementation, chunks) {
      const branches = pullSource(implementation, chunks).tee();
      const [first, second] = await Promise.all(branches.map((branch) => drain(branch.getReader())));
      if (first !== second) throw new Error(`one branch got ${first} chunks, the other ${second}`);
      return first;
    },
  },
  /** A byte stream read with a default reader. */
  byteRead: {
    needs: hasByteStreams,
    run: (implementation, chunks) => drain(byteSource(implementation, chunks).getReader()),
  },
  /** A byte stream read with a BYOB reader, its buffer handed back each time. */
  byobRead: {
    needs: hasByteStreams,
    async run(implementation, chunks) {
      const reader = byteSource(implementation, chunks).getReader({ mode: 'byob' });
      let view = new Uint8Array(CHUNK);
      let bytes = 0;
      for (;;) {
        const { value, done } = await reader.read(view);
        if (done) return bytes / CHUNK;
        bytes += value.byteLength;
        view = new Uint8Array(value.buffer);
      }
    },
  },
  /** `from(async generator).pipeTo(sink)`. */
  fromAsyncGen: {
    needs: ({ ReadableStream }) => typeof ReadableStream.from === 'function',
    async run(implementation, chunks) {
      const counter = { count: 0 };
      async function* generate() {
        for (let i = 0; i < chunks; i += 1) yield shared;
      }
      await implementation.ReadableStream.from(generate()).pipeTo(countingSink(implementation, counter));
      return counter.count;
    },
  },
};
