/** Sends a form as a `<form>`, as a FormData and as our own body; and reads one in the page. */
import { pipeline, toBytes, toFetch } from '/dist/index.js';
import { multipart, multipartParts } from '/dist/multipart.js';

const text = 'a "quoted"\nMöwe';
const file = new File([new Uint8Array(300_000).map((_, at) => (at * at) >> 3)], 'Öl "1" %22;.bin', {
  type: 'image/png',
});

/** Submits a real form to a frame, with the file that a user would choose. */
function submit() {
  const form = document.querySelector('form');
  const files = new DataTransfer();
  files.items.add(file);
  form.elements.file.files = files.files;
  form.elements['text ü'].value = text;
  const frame = document.querySelector('iframe');
  const answer = new Promise((resolve) => {
    frame.onload = () => {
      const content = frame.contentDocument.body?.textContent;
      if (content) resolve(JSON.parse(content));
    };
  });
  form.submit();
  return answer;
}

async function own() {
  const body = multipart([
    { name: 'text ü', content: text },
    { name: 'file', content: file },
    { name: 'stream', filename: 's', content: file.stream() },
  ]);
  const sink = toFetch('/form', { method: 'POST', headers: { 'content-type': body.contentType } });
  await pipeline(body.readable, sink);
  return (await sink.response).json();
}

async function read(message) {
  const seen = [];
  for await (const part of multipartParts(message)) {
    const { length } = await toBytes(part.stream());
    seen.push([part.name, part.filename ?? null, part.type, length]);
  }
  return seen;
}

async function run() {
  const data = new FormData(document.querySelector('form'));
  data.set('text ü', text);
  data.set('file', file);
  const submitted = await submit();
  const fetched = await (await fetch('/form', { method: 'POST', body: data })).json();
  // WebKit cannot read a body of a FormData with a file of the page's.
  const canReadFiles = await new Response(data).blob().then(
    () => true,
    () => false,
  );
  if (!canReadFiles) data.delete('file');
  return {
    submitted,
    fetched,
    canReadFiles,
    own: await own(),
    request: await read(new Request('/form', { method: 'POST', body: data })),
    response: await read(new Response(data)),
  };
}

const seen = await run().catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch(new URL(location.href).searchParams.get('result'), {
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: JSON.stringify(seen),
});
