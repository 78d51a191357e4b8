/** eventsource-parser/stream: a transform of the page's TransformStream between a body and a loop. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { failureOf, readAll, seenToLeave, settled, sleep } from './parts.mjs';

export async function run(env) {
  const events = async (path, init) =>
    env
      .ours((await fetch(env.url + path, init)).body)
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
  const results = {
    events: await settled(events('events').then((stream) => readAll(stream))),
    'read slowly': (await settled(events('events').then((stream) => readAll(stream, 3)))).length,
    'of a transform of the job': await settled(
      (async () => {
        const upper = new env.TransformStream({
          transform: ({ data }, controller) => controller.enqueue(data.toUpperCase()),
        });
        return (await readAll((await events('events')).pipeThrough(upper))).at(3);
      })(),
    ),
    'cut off': await settled(failureOf(events('events-cut').then((stream) => readAll(stream)))),
    'what cannot be parsed': await settled(
      failureOf(
        (async () => {
          const { readable, writable } = new EventSourceParserStream({ onError: 'terminate' });
          const writer = env.ours(writable).getWriter();
          writer.write('what: is\nthis\n\n').catch(() => {});
          writer.close().catch(() => {});
          return readAll(env.ours(readable));
        })(),
      ),
    ),
  };
  results['an abort is seen by the server'] = await seenToLeave(env.url, async () => {
    const controller = new AbortController();
    const reading = failureOf(events('endless', { signal: controller.signal }).then((stream) => readAll(stream)));
    await sleep(60);
    controller.abort();
    results.aborted = await settled(reading);
  });
  results['a cancel is seen by the server'] = await seenToLeave(env.url, async () => {
    await settled((await events('endless')).cancel());
  });
  return results;
}
