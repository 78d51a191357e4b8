/** Makes a stream, locks one and starts a pipeline, and prints what `tidegate/inspect` says of where. */
import { inspect } from 'tidegate/inspect';
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
const { madeAt, lock } = inspect(stream);
const { startedAt } = inspect(startPipeline());
console.log(JSON.stringify({ madeAt, takenAt: lock.takenAt, startedAt }));
