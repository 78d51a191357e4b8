/** Leaves rejections alone, and handles others, with the event of a page in Node; prints what is said of that. */
const page = new EventTarget();
for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'])
  globalThis[name] = (...args) => page[name](...args);
const tellPage = (type) => (promise, reason) =>
  page.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), { promise, reason }));
process.on('unhandledRejection', (reason, promise) => tellPage('unhandledrejection')(promise, reason));
process.on('rejectionHandled', (promise) => tellPage('rejectionhandled')(promise));

const { diagnose } = await import('tidegate/inspect');
const { pipeline, ReadableStream, WritableStream } = await import('tidegate');

const said = [];
const end = diagnose({
  warn: false,
  onMistake: ({ kind, message, place, bytes }) => said.push({ kind, message, place, bytes }),
});
const broken = () => Promise.reject(new Error('the disk is full'));
const sink = () => new WritableStream({ write: broken, close: broken });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const MISTAKES = {
  write() {
    (function writesAndLeaves() {
      sink().getWriter().write(new Uint8Array(100));
    })();
  },
  close() {
    (function closesAndLeaves() {
      sink().getWriter().close();
    })();
  },
  closeStream() {
    (function closesStreamAndLeaves() {
      sink().close();
    })();
  },
  pipeTo() {
    (function pipesAndLeaves() {
      ReadableStream.from([1]).pipeTo(sink());
    })();
  },
  pipeline() {
    (function runsAndLeaves() {
      pipeline([1], sink());
    })();
  },
};

const TWINS = {
  async awaited() {
    const writer = sink().getWriter();
    await writer.write(1).catch(() => {});
    await sink()
      .getWriter()
      .close()
      .catch(() => {});
    await ReadableStream.from([1])
      .pipeTo(sink())
      .catch(() => {});
    await pipeline([1], sink()).catch(() => {});
  },
  /** Node and pages say that these were not handled, and then that they were. */
  async late() {
    const jobs = [sink().getWriter().write(1), ReadableStream.from([1]).pipeTo(sink()), pipeline([1], sink())];
    await pause(100);
    await Promise.allSettled(jobs);
  },
  /** The promise of the page's own function is what nobody handles. */
  async derived() {
    (async () => {
      await pipeline([1], sink());
    })();
  },
  async ready() {
    const writer = sink().getWriter();
    writer.closed.catch(() => {});
    await writer.write(1).catch(() => {});
  },
  async through() {
    const { readable, writable } = new TransformStream();
    ReadableStream.from([1]).pipeThrough({ readable, writable });
    await readable.cancel(new Error('enough'));
  },
  async prevented() {
    page.addEventListener('unhandledrejection', (event) => event.preventDefault());
    sink().getWriter().write(1);
  },
  async ended() {
    end();
    pipeline([1], sink());
  },
};

await (MISTAKES[process.argv[2]] ?? TWINS[process.argv[2]])();
await pause(1300);
console.log(JSON.stringify(said));
