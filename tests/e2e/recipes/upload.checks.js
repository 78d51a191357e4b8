import { uploadWithHash } from '/examples/upload-with-hash.js';
import { equal, ok, pattern, rejection, sha256 } from '/support.js';
import { state } from '/saving.js';

const KB = 1024;
const bytes = pattern(1000 * KB);
const file = new File([bytes], 'tides.bin');
const uploads = async (name) => (await state()).uploads[name];

export default {
  async 'a file is uploaded in parts, some of them twice, and the server compares the digest'() {
    let last;
    const onProgress = (progress) => (last = progress);
    const digest = await uploadWithHash(file, '/upload?name=flaky', { partSize: 100 * KB, onProgress });
    equal(digest, await sha256(bytes));
    equal(last.fraction, 1);
    const { requests, parts, finished } = await uploads('flaky');
    equal([parts, finished], [10, true]);
    ok(requests > 11, `${requests} requests were made`);
  },

  async 'a file that arrives damaged fails the upload'() {
    const error = await rejection(uploadWithHash(file, '/upload?name=damaged', { partSize: 400 * KB }));
    equal([error.name, error.status], ['FetchError', 422]);
  },

  async 'an upload that is aborted is not finished'() {
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 250);
    const options = { partSize: 50 * KB, signal: controller.signal };
    ok((await rejection(uploadWithHash(file, '/upload?name=slow', options))) === reason, 'another error');
    const { parts, finished } = await uploads('slow');
    ok(!finished && parts < 20, `${parts} of 20 parts were sent`);
  },

  async 'a server with a limit is heard when it refuses a body'() {
    const send = async (count) => {
      const response = await fetch('/limited', { method: 'PUT', body: new Blob([new Uint8Array(count)]) });
      return [response.status, await response.text()];
    };
    equal(await send(1 << 20), [201, '1048576 bytes\n']);
    equal(await send(20 << 20), [413, 'The body has more than 1048576 bytes\n']);
  },
};
