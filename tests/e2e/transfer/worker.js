/** Does with the stream it is sent what it is told, one command a worker. `go` resolves when the page says so. */
import { ReadableStream, TransformStream, WritableStream, receive, transfer } from '/dist/index.js';

let onGo;
const go = new Promise((resolve) => {
  onGo = resolve;
});
const tell = (value) => postMessage({ value });

function give(stream, options) {
  const { handle, transfer: list } = transfer(stream, options);
  postMessage({ value: handle }, list);
}

const commands = {
  async readLater(handle) {
    const stream = receive(handle);
    tell('received');
    const count = await go;
    const reader = stream.getReader();
    for (let i = 0; i < count; i++) await reader.read();
    tell('read');
  },
  async sum(handle, options) {
    let sum = 0;
    let bytes = 0;
    for await (const chunk of receive(handle, options)) {
      bytes += chunk.byteLength;
      sum += chunk[0];
    }
    tell({ bytes, sum });
  },
  async cancel(handle) {
    const reader = receive(handle).getReader();
    await reader.read();
    await reader.cancel(new TypeError('enough'));
  },
  async failingRead(handle) {
    try {
      const reader = receive(handle).getReader();
      while (!(await reader.read()).done);
    } catch (error) {
      tell(`${error.name}: ${error.message}`);
    }
  },
  read: (handle) => receive(handle).getReader().read(),
  async write(handle) {
    const writer = receive(handle).getWriter();
    for (let i = 0; i < 20; i++) {
      await writer.ready;
      writer.write(i).catch(() => {});
      tell(i + 1);
    }
    await writer.close();
    tell('closed');
  },
  async abort(handle) {
    const writer = receive(handle).getWriter();
    writer.write('never taken').catch(() => {});
    await go;
    await writer.abort(new RangeError('changed my mind'));
  },
  async failingWrite(handle) {
    const writer = receive(handle).getWriter();
    writer.write(1).catch(() => {});
    await writer.closed.catch((error) => tell(`${error.name}: ${error.message}`));
  },
  upper: () => give(new TransformStream({ transform: (chunk, c) => c.enqueue(chunk.toUpperCase()) })),
  sink: () => give(new WritableStream({ write: tell })),
  async last() {
    let n = 0;
    give(
      new ReadableStream(
        {
          pull(c) {
            c.enqueue((n += 1));
            if (n < 5) return;
            c.close();
            setTimeout(close, 5);
          },
        },
        { highWaterMark: 0 },
      ),
    );
  },
  /** All at once, and gone. */
  burst(handle, { count }) {
    let n = 0;
    give(
      new ReadableStream(
        {
          pull(c) {
            c.enqueue((n += 1));
            if (n < count) return;
            c.close();
            setTimeout(close, 20);
          },
        },
        { highWaterMark: 0 },
      ),
    );
  },
  lastWords() {
    give(new ReadableStream({ pull: (c) => c.enqueue('never read') }, { highWaterMark: 0 }));
    close();
  },
  takeAndEnd(handle) {
    receive(handle);
    close();
  },
  count() {
    let pulls = 0;
    give(
      new ReadableStream(
        {
          pull(c) {
            pulls += 1;
            c.enqueue(pulls);
          },
          cancel: () => tell('cancelled'),
        },
        { highWaterMark: 0 },
      ),
    );
    go.then(() => tell(pulls));
  },
};

addEventListener('message', async ({ data }) => {
  if ('go' in data) onGo(data.go);
  else commands[data.command](data.handle, data.options);
});
