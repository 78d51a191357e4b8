/** Parts for pipelines under test that are Node's streams; see pipeline-parts.mjs. */
import { Readable, Transform, Writable } from 'node:stream';
import { never, sink, source, turn, worker } from './pipeline-parts.mjs';

export const nodeSources = {
  "Node's readable stream": source(
    (from) =>
      new Readable({
        objectMode: true,
        highWaterMark: 1,
        read() {
          try {
            this.push(from.next() ?? null);
          } catch (error) {
            this.destroy(error);
          }
        },
        destroy(error, callback) {
          from.release(error);
          callback(error);
        },
      }),
  ),
};

export const nodeStages = {
  "Node's transform stream": (options) => {
    const work = worker(options);
    const value = new Transform({
      highWaterMark: 1,
      transform(chunk, encoding, callback) {
        try {
          work.check();
          callback(null, chunk);
        } catch (error) {
          callback(error);
        }
      },
    });
    return { value, locked: never };
  },
};

export const nodeSinks = {
  "Node's writable stream": sink(
    (work, state) =>
      new Writable({
        objectMode: true,
        highWaterMark: 1,
        async write(chunk, encoding, callback) {
          try {
            work.check();
            await turn();
            state.received.push(chunk[0]);
            callback();
          } catch (error) {
            callback(error);
          }
        },
        final(callback) {
          state.ended = true;
          callback();
        },
        destroy(error, callback) {
          if (error) state.aborted = { reason: error };
          callback(error);
        },
      }),
  ),
};
