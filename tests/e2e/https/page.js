/** toFetch() over HTTP/2, where an engine that can stream a request does; posts what it saw. */
import { pipeline, toFetch } from '/dist/index.js';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const counts = async () => (await fetch('/counts')).json();
const CHUNK = 65536;

const seen = {};
const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason)));
try {
  let made = 0;
  const source = (function* () {
    for (; made < 500;) {
      made += 1;
      yield new Uint8Array(CHUNK).fill(made);
    }
  })();
  const sink = toFetch('/upload', { as: 'auto', partSize: 4 * 1024 * 1024 });
  const running = pipeline(source, sink);
  let stood = -1;
  while (stood !== made || stood <= 0) {
    stood = made;
    await pause(300);
  }
  seen.stood = stood;
  await fetch('/read-on');
  await running;
  seen.status = (await sink.response).status;
  seen.counts = await counts();

  const broken = new Error('broken');
  const failing = (async function* () {
    yield new Uint8Array(10);
    await pause(100);
    throw broken;
  })();
  seen.failed = await pipeline(failing, toFetch('/upload?broken', { as: 'auto' })).catch((error) => error === broken);
  for (let n = 0; n < 100 && !(await counts()).broken; n += 1) await pause(10);
  seen.broken = (await counts()).broken;

  seen.early = {};
  for (const how of ['unread', 'unreadNoError', 'reset', 'readOn', 'slow']) {
    const chunks = (async function* () {
      for (let n = 0; n < 300; n += 1) {
        if (n < 10) await pause(30);
        yield new Uint8Array(CHUNK);
      }
    })();
    const upload = toFetch(`/early?${how}`, { as: 'stream' });
    const outcome = pipeline(chunks, upload).then(
      async () => (await upload.response).text(),
      ({ name, message }) => `${name}: ${message}`,
    );
    seen.early[how] = await Promise.race([outcome, pause(10_000).then(() => 'hangs')]);
  }
} catch (error) {
  seen.error = String(error?.stack ?? error);
}
fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({ seen, unhandled }),
});
