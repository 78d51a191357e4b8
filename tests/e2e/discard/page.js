/** Pipelines of frames that are aborted anywhere, fail or are left: posts how many frames were made and how many are still open. */
import { channel, failureOf, map, pipeline, TransformStream, WritableStream } from 'tidegate';

const RUNS = 40;
const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const canvas = document.createElement('canvas');
canvas.width = canvas.height = 8;
canvas.getContext('2d').fillRect(0, 0, 8, 8);

const kinds = {
  ImageBitmap: { make: () => createImageBitmap(canvas), isOpen: (bitmap) => bitmap.width > 0 },
  ...(globalThis.VideoFrame && {
    VideoFrame: { make: async () => new VideoFrame(canvas, { timestamp: 0 }), isOpen: (frame) => frame.codedWidth > 0 },
  }),
};

async function runKind({ make, isOpen }) {
  const frames = [];
  let discarded = 0;
  const errors = [];
  const take = async () => {
    const frame = await make();
    frames.push(frame);
    return frame;
  };
  for (let run = 0; run < RUNS; run += 1) {
    const controller = new AbortController();
    const failure = new Error('torn down');
    const pushed = channel({ highWaterMark: 2, capacity: 3, overflow: 'drop-oldest' });
    (async () => {
      for (let n = 0; n < 12 && !pushed.signal.aborted; n += 1) pushed.write(await take());
      if (!pushed.signal.aborted) pushed.end();
    })();
    const anew = async (frame) => {
      frame.close();
      return take();
    };
    let written = 0;
    const sink = new WritableStream(
      {
        async write(frame) {
          frame.close();
          if (run % 4 === 1 && (written += 1) === run % 7) throw failure;
          await turn();
        },
      },
      { highWaterMark: 3 },
    );
    const queues = new TransformStream(undefined, { highWaterMark: 2 }, { highWaterMark: 2 });
    const leave = async (chunks) => {
      for await (const frame of chunks) {
        frame.close();
        if ((written += 1) === run % 7) return;
      }
    };
    const running = pipeline(
      pushed.readable,
      map(anew, { concurrency: 3 }),
      queues,
      anew,
      run % 4 === 2 ? leave : sink,
      {
        signal: controller.signal,
        onDiscard(frame) {
          discarded += 1;
          frame.close();
        },
      },
    );
    const timer = run % 4 === 3 ? undefined : setTimeout(() => controller.abort(failure), run % 13);
    await running.catch((error) => {
      if (error !== failure) errors.push(String(error));
      errors.push(...failureOf(error).later.map(String));
    });
    clearTimeout(timer);
  }
  for (let n = 0; n < 100 && frames.some(isOpen); n += 1) await turn(5);
  return { made: frames.length, discarded, open: frames.filter(isOpen).length, errors };
}

const result = {};
for (const [name, kind] of Object.entries(kinds))
  result[name] = await runKind(kind).catch((error) => ({ errors: [String(error.stack ?? error)] }));
fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify(result) });
