/** Which encodings the engine decodes as the standard says, and what decodeText() makes of each. */
import { codecMemory, decodeText } from '/dist/codecs.js';
import { engineDecodes } from '/encodings.js';

const post = (value) =>
  fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify(value) });

async function textOf(label, chunks, options) {
  const stage = decodeText(label, options);
  const writer = stage.writable.getWriter();
  const writing = (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  let text = '';
  for await (const piece of stage.readable) text += piece;
  await writing;
  return text;
}

async function run() {
  const { names, noise } = await (await fetch('/cases')).json();
  const bytes = Uint8Array.from(noise);
  const wrong = names.filter((name) => !engineDecodes(name));
  const before = performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/codec-encoding.js'));
  const texts = {};
  for (const name of names) texts[name] = await textOf(name, [bytes.subarray(0, 1001), bytes.subarray(1001)]);
  const fault = await textOf('shift_jis', [Uint8Array.of(0x61, 0x82)], { fatal: true }).catch(({ code, offset }) => ({
    code,
    offset,
  }));
  return { wrong, before, texts, fault, chains: codecMemory().chains };
}

run().then(post, (error) => post({ error: String(error?.stack ?? error) }));
