/** Makes a stream, locks one and starts a pipeline, and prints what `tidegate/inspect` says of where. */
import { inspect, streams } from 'tidegate/inspect';
import { pipeline, ReadableStream, WritableStream } from 'tidegate';

// tests/js/inspect/places.test.mjs names the lines of these calls.
function makeStream() {
  return new ReadableStream();
}

function takeLock(stream) {
  stream.getReader();
}

function startPipeline() {
  return pipeline([1], new WritableStream());
}

const stream = makeStream();
takeLock(stream);
await null;
const alive = streams().length;
const { madeAt, lock } = inspect(stream);
const { startedAt } = inspect(startPipeline());
console.log(JSON.stringify({ alive, madeAt, takenAt: lock.takenAt, startedAt }));
