/** Both ways between tidegate and node:stream/iter, whose streams are async iterables of arrays of Uint8Array. Prints what came of it. */
import { from, pull, push, text } from 'node:stream/iter';
import { gzipSync } from 'node:zlib';
import { ReadableStream, batches, flatten, pipeline, toArray, toText } from '../../dist/index.js';
import { gunzip, lines } from '../../dist/codecs.js';

const results = {};
const encoder = new TextEncoder();

results.text = await pipeline(from('high tide'), flatten(), toText);
results.lines = await pipeline(pull(from(gzipSync('a\nb\nc\n'))), flatten(), gunzip(), lines(), toArray);

const { writer, readable } = push({ highWaterMark: 100 });
const sent = (async () => {
  for (const word of ['low ', 'tide']) await writer.write(word);
  await writer.end();
})();
results.pushed = await pipeline(readable, flatten(), toText);
await sent;

const words = () =>
  new ReadableStream({
    start(controller) {
      for (const word of ['high ', 'and ', 'low ']) controller.enqueue(encoder.encode(word));
    },
    pull(controller) {
      controller.enqueue(encoder.encode('tide'));
      controller.close();
    },
  });
results.batches = (await Array.fromAsync(batches(words()))).map((batch) => batch.length);
results.given = await text(from(batches(words())));
results.pulled = await text(pull(from(batches(words())), (chunks) => chunks));

const boom = new Error('the tide is out');
const failing = (async function* () {
  yield [encoder.encode('a')];
  throw boom;
})();
results.fails = (await pipeline(from(failing), flatten(), toArray).catch((error) => error)) === boom;

let cancelled;
const endless = new ReadableStream({
  pull: (controller) => controller.enqueue(encoder.encode('x')),
  cancel: () => void (cancelled = true),
});
for await (const batch of from(batches(endless))) if (batch.length > 0) break;
results.cancelled = cancelled;

console.log(JSON.stringify(results));
