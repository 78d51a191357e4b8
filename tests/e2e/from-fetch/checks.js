/** fromFetch() in a page; posts what it saw. */
import { fromFetch, pipeline, toBytes, toText } from '/dist/index.js';

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const hash = async (source) => hex(await crypto.subtle.digest('SHA-256', await toBytes(source)));
const rejection = (promise) =>
  promise.then(
    () => new Error('nothing'),
    (error) => error,
  );
const failure = async (promise) => String(await rejection(promise));
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const fast = { delay: 1 };
const other = await (await fetch('/other')).json();

/** The hash of what comes through a consumer that waits after each chunk. */
async function slowly(source, wait) {
  const chunks = [];
  await pipeline(source, async (all) => {
    for await (const chunk of all) {
      chunks.push(chunk);
      await wait(chunks.length);
    }
  });
  return hash(new Blob(chunks));
}

const checks = {
  'resumes where the connection broke, byte for byte': () => hash(fromFetch('/dropped', fast)),
  'fails where the file has changed': async () =>
    /has changed/.test(await failure(toBytes(fromFetch('/changed', fast)))),
  'fails where a part is of another version': async () =>
    /has changed/.test(await failure(toBytes(fromFetch('/mixed', fast)))),
  async 'fails with the status of a response that is no success, and keeps what it says'() {
    const { status, response } = await rejection(toBytes(fromFetch('/missing')));
    return [status, await response.text()];
  },
  async 'ends the connection when the consumer leaves'() {
    await pipeline(fromFetch('/endless'), async (chunks) => {
      for await (const chunk of chunks) return chunk.length;
    });
    for (let i = 0; i < 100; i += 1) {
      if (await (await fetch('/ended')).json()) return true;
      await sleep(10);
    }
    return false;
  },
  async 'fails with the reason of its signal'() {
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = toBytes(fromFetch('/endless', { signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 20);
    return running.then(
      () => false,
      (error) => error === reason,
    );
  },
  'tries again when the connection breaks before the headers': () => hash(fromFetch('/headless', fast)),
  'tries again when the connection breaks before the first byte': () => hash(fromFetch('/bodiless', fast)),
  async 'tries again after 503, and waits as long as Retry-After says'() {
    const begun = performance.now();
    return [await hash(fromFetch('/busy', fast)), performance.now() - begun >= 990];
  },
  'resumes after silence in the body': () => hash(fromFetch('/silent', { ...fast, stallTimeout: 300 })),
  'tries again after silence before the headers': () => hash(fromFetch('/mute', { ...fast, stallTimeout: 1000 })),
  'does not take a consumer that pauses for a silent network': () =>
    slowly(fromFetch('/late', { retries: 0, stallTimeout: 500 }), (count) => sleep(count === 1 ? 1500 : 0)),
  async 'does not take a busy page for a silent network'() {
    const running = hash(fromFetch('/late', { retries: 0, stallTimeout: 500 }));
    await sleep(50);
    const end = performance.now() + 1200;
    while (performance.now() < end);
    return running;
  },
  'has everything of a server that ended while the consumer was slow': () =>
    slowly(fromFetch('/whole', { retries: 0 }), () => sleep(5)),
  'has everything of a server that broke off while the consumer was slow': () =>
    slowly(fromFetch('/dropped?slow', fast), () => sleep(5)),
  async 'has total and fraction from the first report on'() {
    const reports = [];
    await pipeline(
      fromFetch('/late'),
      async (chunks) => {
        for await (const chunk of chunks) void chunk;
      },
      { progressInterval: 5, onProgress: (report) => reports.push(report) },
    );
    return (
      reports.length > 1 &&
      reports.every(
        ({ total, fraction, bytes, done }) => total === 2_000_000 && fraction === (done ? 1 : bytes / total),
      )
    );
  },
  async 'resumes across origins without a preflight'() {
    return [await hash(fromFetch(`${other}exposed`, fast)), await (await fetch(`${other}options`)).json()];
  },
  async 'names the headers that a server of another origin must expose'() {
    return /cannot be resumed without an ETag; .*'Access-Control-Expose-Headers: ETag, Content-Range/.test(
      await failure(toBytes(fromFetch(`${other}hidden`, fast))),
    );
  },
  async 'names them where the place of a part is hidden'() {
    return /206 without a Content-Range; .*'Access-Control-Expose-Headers: ETag, Content-Range/.test(
      await failure(toBytes(fromFetch(`${other}placeless`, fast))),
    );
  },
  'takes a compressed body of another origin whole': () => hash(fromFetch(`${other}zipped`, fast)),
  'resumes a compressed body whose connection broke': () => hash(fromFetch('/cut-zipped?tag', fast)),
  'fails where a compressed body whose connection broke cannot be resumed': async () =>
    (await rejection(toBytes(fromFetch('/cut-zipped', fast)))).name,
  'fails where the response of a fetch is compressed and its connection broke': async () =>
    (await rejection(toBytes(await fetch('/cut-zipped')))).message !== 'nothing',
  'gives a whole compressed response of a fetch': async () => hash(await fetch('/cut-zipped?whole')),
  async 'says that nothing but CORS or the network can be known'() {
    const error = await rejection(toBytes(fromFetch(`${other}forbidden`, { ...fast, retries: 1 })));
    return (
      error.name === 'FetchError' &&
      /could not be fetched .* CORS .* no retries are left/.test(error.message) &&
      error.cause instanceof TypeError
    );
  },
  async 'refuses a response that is no success, opaque or a redirect as a source'() {
    const responses = [
      await fetch('/missing'),
      await fetch(`${other}forbidden`, { mode: 'no-cors' }),
      await fetch('/moved', { redirect: 'manual' }),
      Response.error(),
    ];
    const said = [];
    for (const response of responses) {
      const error = await rejection(toText(response));
      said.push(
        error.name === 'FetchError'
          ? (/is (404 Not Found|opaque|a redirect|a network error)/.exec(error.message)?.[1] ?? error.message)
          : String(error),
      );
    }
    return said;
  },
};

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason)));
const seen = {};
for (const [name, check] of Object.entries(checks)) seen[name] = await check().catch((error) => String(error));
await sleep(50);
fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({ seen, unhandled }),
});
