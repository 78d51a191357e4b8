/** undici as a package: its fetch and its request, with bodies both ways. */
import { Agent, fetch as undiciFetch, FormData, request, Response } from 'undici';
import { failureOf, readAll, seenToLeave, settled, sleep, source, summary } from './parts.mjs';

export async function run(env) {
  const { url } = env;
  const dispatcher = new Agent();
  const bodyOf = async (path) => env.ours((await undiciFetch(url + path, { dispatcher })).body);
  const results = {
    bytes: await settled(bodyOf('bytes').then(readAll).then(summary)),
    'read slowly': await settled(
      bodyOf('bytes')
        .then((body) => readAll(body, 2))
        .then(summary),
    ),
    'text() of a slow body': await settled(
      undiciFetch(`${url}slow`, { dispatcher }).then(async (response) => summary([await response.text()])),
    ),
    'cut off': await settled(failureOf(bodyOf('cut').then(readAll))),
    upload: await settled(
      undiciFetch(`${url}hash`, { method: 'POST', body: env.theirs(source(env, 20)), duplex: 'half', dispatcher }).then(
        (response) => response.json(),
      ),
    ),
    'upload by request()': await settled(
      request(`${url}hash`, { method: 'POST', body: source(env, 20), dispatcher }).then(({ body }) => body.json()),
    ),
    'upload that fails': await settled(
      failureOf(
        undiciFetch(`${url}hash`, {
          method: 'POST',
          body: env.theirs(source(env, 20, { failAt: 3 })),
          duplex: 'half',
          dispatcher,
        }),
      ),
    ),
    'a Response of a stream': await settled(
      new Response(env.theirs(source(env, 5))).arrayBuffer().then((bytes) => summary([new Uint8Array(bytes)])),
    ),
    'a clone': await settled(
      undiciFetch(`${url}slow`, { dispatcher }).then(async (response) => {
        const copy = response.clone();
        return Promise.all([summary([await response.text()]), summary([await copy.text()])]);
      }),
    ),
    status: await settled(
      undiciFetch(`${url}error`, { dispatcher }).then(async (response) => [
        response.status,
        (await response.json()).error.message,
      ]),
    ),
    form: await settled(
      (async () => {
        const form = new FormData();
        form.set('field', 'high tide');
        return (await new Response(form).formData()).get('field');
      })(),
    ),
  };
  results['an abort is seen by the server'] = await seenToLeave(url, async () => {
    const controller = new AbortController();
    const reading = undiciFetch(`${url}endless`, { signal: controller.signal, dispatcher }).then(({ body }) =>
      readAll(env.ours(body)),
    );
    await Promise.race([sleep(50), reading]);
    controller.abort();
    results.aborted = await settled(failureOf(reading));
  });
  results['a cancel is seen by the server'] = await seenToLeave(url, async () => {
    const reader = (await bodyOf('endless')).getReader();
    await reader.read();
    await settled(reader.cancel());
  });
  await dispatcher.close();
  return results;
}
