/**
 * The workloads that have a counterpart in streamx (Node only), which has no web streams: the same chunks, the same counts,
 * its own idioms. Name to `run(chunks)`.
 */
import { pipelinePromise, Readable, Transform, Writable } from 'streamx';

const CHUNK = 1024;
const shared = new Uint8Array(CHUNK);
const byteLength = (chunk) => chunk.byteLength;

const options = { highWaterMark: CHUNK, byteLength };

function pullSource(chunks, more = options) {
  let sent = 0;
  return new Readable({
    ...more,
    read(callback) {
      if (sent === chunks) this.push(null);
      else {
        sent += 1;
        this.push(shared);
      }
      callback(null);
    },
  });
}

function countingSink(counter, more = options) {
  return new Writable({
    ...more,
    write(chunk, callback) {
      counter.count += 1;
      callback(null);
    },
  });
}

async function through(chunks, transforms, more) {
  const counter = { count: 0 };
  const stages = Array.from(
    { length: transforms },
    () =>
      new Transform({
        ...options,
        transform(chunk, callback) {
          callback(null, chunk);
        },
      }),
  );
  await pipelinePromise(pullSource(chunks, more), ...stages, countingSink(counter, more));
  return counter.count;
}

async function iterate(chunks) {
  let count = 0;
  for await (const chunk of pullSource(chunks)) count += chunk.byteLength / CHUNK;
  return count;
}

async function writeLoop(chunks) {
  const counter = { count: 0 };
  const sink = countingSink(counter, { ...options, highWaterMark: 16 * CHUNK });
  for (let i = 0; i < chunks; i += 1) {
    if (!sink.write(shared))
      await new Promise((resolve) => {
        sink.once('drain', resolve);
      });
  }
  const closed = new Promise((resolve, reject) => {
    sink.once('close', resolve).once('error', reject);
  });
  sink.end();
  await closed;
  return counter.count;
}

export const streamxWorkloads = {
  forAwait: iterate,
  writeLoop,
  pipeTo: (chunks) => through(chunks, 0),
  pipeToHwm16: (chunks) => through(chunks, 0, { ...options, highWaterMark: 16 * CHUNK }),
  transform1: (chunks) => through(chunks, 1),
  transform3: (chunks) => through(chunks, 3),
  transform8: (chunks) => through(chunks, 8),
};
