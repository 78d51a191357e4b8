/** fromFetch() in a page; posts what it saw. */
import { fromFetch, pipeline, toBytes } from '/dist/index.js';

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const failure = (promise) => promise.then(() => 'nothing', (error) => `${error.name}: ${error.message}`);

const checks = {
  async 'goes on where the connection broke, byte for byte'() {
    return hex(await crypto.subtle.digest('SHA-256', await toBytes(fromFetch('/dropped', { delay: 1 }))));
  },
  'fails where the file has changed': async () => /has changed/.test(await failure(toBytes(fromFetch('/changed', { delay: 1 })))),
  'fails with the status of an answer that is no success': async () => (await failure(toBytes(fromFetch('/missing')))).slice(0, 10),
  async 'ends the connection when the consumer leaves'() {
    await pipeline(fromFetch('/endless'), async (chunks) => { for await (const chunk of chunks) return chunk.length; });
    for (let i = 0; i < 100; i += 1) {
      if (await (await fetch('/ended')).json()) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return false;
  },
  async 'fails with the reason of its signal'() {
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = toBytes(fromFetch('/endless', { signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 20);
    return running.then(() => false, (error) => error === reason);
  },
};

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason)));
const seen = {};
for (const [name, check] of Object.entries(checks)) seen[name] = await check().catch((error) => String(error));
await new Promise((resolve) => setTimeout(resolve, 50));
fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify({ seen, unhandled }) });
