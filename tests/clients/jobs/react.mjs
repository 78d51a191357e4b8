/** react-dom/server: a page with parts that come later. */
import { createElement as h, Suspense, use } from 'react';
import { renderToReadableStream } from 'react-dom/server.edge';
import { failureOf, readAll, settled, sleep, summary } from './parts.mjs';

function Rows({ data }) {
  return h(
    'ul',
    null,
    use(data).map((n) => h('li', { key: n }, `row ${n} ≈`)),
  );
}

const page = (data) =>
  h('html', null, h('body', null, h('h1', null, 'Tides'), h(Suspense, { fallback: 'coming' }, h(Rows, { data }))));
const later = () => sleep(30).then(() => Array.from({ length: 3000 }, (_, n) => n));
const Broken = () => {
  throw new RangeError('no shell');
};

async function whole(env, pause, through = (stream) => stream) {
  const pieces = await readAll(through(env.ours(await renderToReadableStream(page(later())))), pause);
  const text = await new Blob(pieces).text();
  return { ...(await summary([text])), rows: text.split('<li>').length - 1 };
}

async function aborted(env) {
  const controller = new AbortController();
  const errors = [];
  const stream = await renderToReadableStream(page(new Promise(() => {})), {
    signal: controller.signal,
    onError: (error) => void errors.push(error.message),
  });
  setTimeout(() => controller.abort(new Error('the visitor left')), 30);
  const text = await new Blob(await readAll(env.ours(stream))).text();
  return { errors, hasFallback: text.includes('coming'), isWhole: text.endsWith('</html>') };
}

async function cancelled(env) {
  const errors = [];
  const reader = env
    .ours(
      await renderToReadableStream(page(new Promise(() => {})), {
        onError: (error) => void errors.push(error.message),
      }),
    )
    .getReader();
  const first = new TextDecoder().decode((await reader.read()).value).slice(0, 15);
  await reader.cancel(new Error('enough'));
  await sleep(20);
  return { first, errors: errors.length };
}

export async function run(env) {
  const { TransformStream } = env;
  const counted = { chunks: 0 };
  const counting = () =>
    new TransformStream({
      transform(chunk, controller) {
        counted.chunks += 1;
        controller.enqueue(chunk);
      },
    });
  return {
    page: await settled(whole(env, 0)),
    'read slowly': await settled(whole(env, 3)),
    'through a transform': await settled(whole(env, 0, (stream) => stream.pipeThrough(counting()))),
    counted: counted.chunks > 0,
    'a shell that fails': await settled(failureOf(renderToReadableStream(h(Broken), { onError() {} }))),
    aborted: await settled(aborted(env)),
    cancelled: await settled(cancelled(env)),
  };
}
