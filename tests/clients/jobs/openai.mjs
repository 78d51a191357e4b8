/** openai: streamed completions, and their stream sent on to another reader. */
import OpenAI from 'openai';
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { readAll, seenToLeave, settled, sleep } from './parts.mjs';

export async function run(env) {
  const client = new OpenAI({ apiKey: 'none', baseURL: `${env.url}v1`, maxRetries: 0, dangerouslyAllowBrowser: true });
  const ask = (model, options) =>
    client.chat.completions.create({ model, messages: [{ role: 'user', content: 'tide?' }], stream: true }, options);
  async function textOf(stream, pause = 0) {
    let text = '';
    for await (const { choices } of stream) {
      text += choices[0].delta.content;
      if (pause) await sleep(pause);
    }
    return text;
  }
  const results = {
    text: await settled(ask('m').then(textOf)),
    'read slowly': await settled(ask('m').then((stream) => textOf(stream, 5))),
    'sent on': await settled(
      ask('m').then((stream) =>
        ChatCompletionStream.fromReadableStream(env.ours(stream.toReadableStream())).finalContent(),
      ),
    ),
    'as lines': await settled(
      ask('m').then(async (stream) => (await readAll(env.ours(stream.toReadableStream()))).length),
    ),
    'both of a tee': await settled(
      ask('m').then((stream) => Promise.all(stream.tee().map((branch) => textOf(branch)))),
    ),
    'left early': await settled(
      ask('m').then(async (stream) => {
        for await (const { choices } of stream) return choices[0].delta.content;
        return undefined;
      }),
    ),
    'an error of the server': await settled(ask('none').catch((error) => [error.status, error.message])),
    'an error in the middle': await settled(
      ask('broken')
        .then(textOf)
        .catch((error) => error.message),
    ),
    helper: await settled(client.chat.completions.stream({ model: 'm', messages: [] }).finalContent()),
  };
  results['an abort is seen by the server'] = await seenToLeave(env.url, async () => {
    const controller = new AbortController();
    results.aborted = await settled(
      (async () => {
        for await (const chunk of await ask('endless', { signal: controller.signal })) if (chunk) controller.abort();
        return 'ended';
      })().catch((error) => error.name),
    );
  });
  return results;
}
