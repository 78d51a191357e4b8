/** ky: progress, retries, errors and aborts around fetch. */
import ky from 'ky';
import { failureOf, readAll, seenToLeave, settled, sleep, source, summary } from './parts.mjs';

export async function run(env) {
  const { url } = env;
  const client = ky.create({ prefixUrl: url, retry: 0 });
  const progress = [];
  const results = {
    bytes: await settled(
      client('bytes', { onDownloadProgress: ({ transferredBytes }) => void progress.push(transferredBytes) })
        .arrayBuffer()
        .then((bytes) => summary([new Uint8Array(bytes)])),
    ),
    progress: [progress.every((bytes, n) => n === 0 || bytes >= progress[n - 1]), progress.at(-1)],
    'read slowly': await settled(
      client('bytes')
        .then(({ body }) => readAll(env.ours(body), 2))
        .then(summary),
    ),
    'cut off': await settled(failureOf(client('cut').then(({ body }) => readAll(env.ours(body))))),
    'after a retry': await settled(
      client(`flaky?${env.mode}${Math.random()}`, { retry: { limit: 2, delay: () => 1 } }).text(),
    ),
    error: await settled(
      client('error').catch(async (error) => [
        error.name,
        error.response.status,
        (await error.response.json()).error.message,
      ]),
    ),
  };
  if (env.place === 'node') {
    const sent = [];
    results.upload = await settled(
      client
        .post('hash', {
          body: env.theirs(source(env, 20)),
          duplex: 'half',
          onUploadProgress: ({ transferredBytes }) => void sent.push(transferredBytes),
        })
        .json(),
    );
    results['upload progress'] = sent.at(-1);
    results['upload that fails'] = await settled(
      failureOf(client.post('hash', { body: env.theirs(source(env, 20, { failAt: 3 })), duplex: 'half' })),
    );
  }
  results['an abort is seen by the server'] = await seenToLeave(url, async () => {
    const controller = new AbortController();
    // ky gives fetch a signal that depends on this one, and nothing but the collector's mercy keeps it: an engine may forget the abort.
    const kept = [];
    const keep = (...values) => void kept.push(values);
    const reading = client('endless', { signal: controller.signal, hooks: { beforeRequest: [keep] } }).then(
      ({ body }) => readAll(env.ours(body)),
    );
    reading.catch(() => {});
    await sleep(50);
    controller.abort();
    results.aborted = await settled(failureOf(reading));
    results.requests = kept.length;
  });
  return results;
}
