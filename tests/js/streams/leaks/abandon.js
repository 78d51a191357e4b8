/**
 * Streams that are made and dropped without being closed. Runs in Node and in pages.
 *
 * Each kind holds promises, requests and locks the way a page would that went away in the middle of its work.
 */
export function kindsOfAbandonment({ ReadableStream, WritableStream, TransformStream }) {
  return {
    'a readable stream with a chunk in its queue'() {
      new ReadableStream({
        start(controller) {
          controller.enqueue('chunk');
        },
      });
      return 1;
    },
    'a readable stream with a read that waits'() {
      new ReadableStream({ pull() {} }).getReader().read();
      return 1;
    },
    'a readable stream whose pull never ends'() {
      const reader = new ReadableStream({ pull: () => new Promise(() => {}) }).getReader();
      reader.read();
      return 1;
    },
    'a byte stream with a read into a buffer that waits'() {
      new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' }).read(new Uint8Array(8));
      return 1;
    },
    'a writable stream whose write never ends'() {
      const writer = new WritableStream({ write: () => new Promise(() => {}) }).getWriter();
      writer.write('chunk');
      writer.write('another');
      return 1;
    },
    'a transform stream with a write that is held'() {
      new TransformStream().writable.getWriter().write('chunk');
      return 2;
    },
    'a pipe between two streams that do nothing'() {
      new ReadableStream().pipeTo(new WritableStream());
      return 3;
    },
    'a pipe through a transform stream'() {
      new ReadableStream({
        start(controller) {
          controller.enqueue('chunk');
        },
      }).pipeThrough(new TransformStream());
      return 4;
    },
    'the branches of a tee'() {
      const [branch] = new ReadableStream({ pull() {} }).tee();
      branch.getReader().read();
      return 4;
    },
    'an iterator that was not finished'() {
      new ReadableStream({
        start(controller) {
          controller.enqueue('chunk');
        },
      })
        .values()
        .next();
      return 1;
    },
  };
}

/**
 * Abandons `count` streams of all kinds in turn, a batch at a time.
 * @param {any} tidegate The package, with `live`.
 * @param {number} count
 * @param {{ batch: number, collect(): Promise<void> }} options `collect` gives the collector its chance after each batch.
 * @returns {Promise<{ made: number, peak: number }>} Slots: made in all, and the most that were live after a batch.
 */
export async function abandon(tidegate, count, { batch, collect }) {
  const kinds = Object.values(kindsOfAbandonment(tidegate));
  const before = tidegate.live();
  let made = 0;
  let peak = 0;
  let turn = 0;
  while (made < count) {
    const end = made + batch;
    while (made < end) made += kinds[turn++ % kinds.length]();
    await collect();
    peak = Math.max(peak, tidegate.live() - before);
  }
  return { made, peak };
}
