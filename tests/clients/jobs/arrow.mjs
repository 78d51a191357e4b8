/** apache-arrow: record batches written to a byte stream and read from it. */
import { RecordBatchReader, RecordBatchStreamWriter, tableFromArrays } from 'apache-arrow';
import { failureOf, readAll, settled, sleep, summary } from './parts.mjs';

const table = tableFromArrays({
  level: Float64Array.from({ length: 20_000 }, (_, n) => Math.sin(n)),
  place: Array.from({ length: 20_000 }, (_, n) => `place ${n % 7}`),
});

function* batches() {
  for (let part = 0; part < 5; part += 1) yield* table.batches;
}

async function rowsOf(reader, pause = 0) {
  let rows = 0;
  let sum = 0;
  for await (const batch of reader) {
    rows += batch.numRows;
    sum += batch
      .getChild('level')
      .toArray()
      .reduce((a, b) => a + b, 0);
    if (pause) await sleep(pause);
  }
  return { rows, sum: sum.toFixed(6) };
}

export async function run(env) {
  const { ReadableStream } = env;
  const file = () => RecordBatchStreamWriter.writeAll(batches());
  const written = await settled(readAll(env.ours(file().toDOMStream())));
  const bytes = new Uint8Array(await new Blob(written).arrayBuffer());
  let asked = 0;
  let isCancelled = false;
  const stream = ({ failAt = Infinity, size = 10_007 } = {}) => {
    let at = 0;
    return new ReadableStream({
      type: 'bytes',
      pull(controller) {
        asked += 1;
        if (at >= failAt) throw new RangeError('ran dry');
        if (at >= bytes.length) {
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        controller.enqueue(bytes.slice(at, at + size));
        at += size;
      },
      cancel: () => {
        isCancelled = true;
      },
    });
  };
  const results = {
    written: (await summary(written)).length > 0,
    read: await settled(RecordBatchReader.from(stream()).then((reader) => rowsOf(reader))),
    'read slowly': await settled(RecordBatchReader.from(stream()).then((reader) => rowsOf(reader, 5))),
    'read from what was written': await settled(
      RecordBatchReader.from(env.ours(file().toDOMStream())).then((reader) => rowsOf(reader)),
    ),
    'a source that fails': await settled(
      failureOf(RecordBatchReader.from(stream({ failAt: 300_000 })).then((reader) => rowsOf(reader))),
    ),
    'a source that is cut off': await settled(
      failureOf(
        RecordBatchReader.from(
          new ReadableStream({
            start(controller) {
              controller.enqueue(bytes.slice(0, 300_000));
              controller.close();
            },
          }),
        ).then((reader) => rowsOf(reader)),
      ),
    ),
  };
  const reader = await RecordBatchReader.from(stream());
  await reader.open();
  await reader.next();
  await settled(reader.cancel());
  return { ...results, asked: asked > 0, isCancelled };
}
