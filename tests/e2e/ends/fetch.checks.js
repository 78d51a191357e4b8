import { pipeline, toFetch, toResponse } from '/dist/index.js';
import { equal, ok, pattern, rejection, sha256, standing, turn, within } from '/support.js';

const uploads = async (name) => (await fetch(`/uploads?${name}`)).json();
const slices = (content, size) =>
  Array.from({ length: Math.ceil(content.length / size) }, (_, n) => content.subarray(n * size, (n + 1) * size));

export default {
  async 'toFetch brings everything to the server, in one body'() {
    const content = pattern(1_000_000);
    const sink = toFetch('/upload?auto', { partSize: 300_000, delay: 1 });
    await pipeline(slices(content, 10_000), sink);
    equal((await sink.response).status, 200);
    const { bytes, parts, sha256: hash } = await uploads('auto');
    equal([bytes, parts, hash], [1_000_000, 1, await sha256(content)]);
  },

  async 'toFetch sends a part again that the server has dropped or refused for now'() {
    const content = pattern(200_000);
    await pipeline(
      slices(content, 7000),
      toFetch('/upload?flaky', { as: 'parts', partSize: 30_000, delay: 1, retries: 5 }),
    );
    const { bytes, sha256: hash, failed } = await uploads('flaky');
    equal([bytes, hash], [200_000, await sha256(content)]);
    ok(failed >= 2, `${failed} requests failed on purpose`);
  },

  async 'toFetch holds its source back while the server does not answer'() {
    let made = 0;
    const source = (function* () {
      for (;;) {
        made += 1;
        yield new Uint8Array(65536);
      }
    })();
    const controller = new AbortController();
    const running = pipeline(source, toFetch('/upload?silent', { as: 'parts', partSize: 1 << 20 }), {
      signal: controller.signal,
    });
    running.catch(() => {});
    const stood = await standing(() => made);
    ok(stood <= 19, `${stood} chunks of 64 KiB were made for parts of 1 MiB`);
    controller.abort(new Error('enough'));
    equal((await rejection(within(1000, running))).message, 'enough');
  },

  async 'toFetch fails with the status of an answer that is no success'() {
    const error = await rejection(pipeline(['x'], toFetch('/upload?refused', { as: 'parts' })));
    equal([error.name, error.status], ['FetchError', 403]);
  },

  async 'toResponse makes a body that takes nothing while nobody reads it'() {
    let made = 0;
    const source = (function* () {
      for (;;) yield new Uint8Array([made++]);
    })();
    const sink = toResponse({ headers: { 'content-type': 'text/plain' } });
    const running = pipeline(source, sink);
    running.catch(() => {});
    for (let n = 0; n < 10; n += 1) await turn();
    ok(made <= 3, `${made} chunks were made`);
    const reader = sink.response.body.getReader();
    for (let n = 0; n < 200; n += 1) equal((await reader.read()).value[0], n);
    await reader.cancel();
    equal((await rejection(within(1000, running))).name, 'AbortError');
  },

  async 'the examples run'() {
    const { upload, uploadInParts, uploadWithDigest } = await import('/examples/to-fetch.js');
    const file = new File([pattern(50_000)], 'x');
    for (const example of [upload, uploadInParts, uploadWithDigest]) {
      equal(await example(file, `/upload?${example.name}`, { partSize: 20_000 }), 'done');
      const { bytes, parts } = await uploads(example.name);
      equal([bytes, parts], [50_000, example === uploadInParts ? 3 : 1], example.name);
    }
    const { csvResponse } = await import('/examples/to-response.js');
    const response = csvResponse([
      { name: 'a', size: 1 },
      { name: 'b', size: 2 },
    ]);
    equal([await response.text(), response.headers.get('content-type')], ['name,size\na,1\nb,2\n', 'text/csv']);
  },
};
