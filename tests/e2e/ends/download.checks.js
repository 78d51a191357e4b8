import { pipeline, toDownload } from '/dist/index.js';
import { equal, ok, pattern, rejection, sha256, Skip, standing, turn, until, within } from '/support.js';

const MB = 1 << 20;

let registered;
/** A service worker that serves downloads, and controls this page. */
async function worker() {
  registered ??= (async () => {
    const container = navigator.serviceWorker;
    if (!container) throw new Skip('this engine has no service workers');
    // A module where the engine takes one, else a classic script: Firefox takes modules from 147 on.
    const registration = await container
      .register('/download.worker.js', { type: 'module' })
      .catch(() => container.register('/download.worker.classic.js'));
    await until(() => registration.active?.state === 'activated' && navigator.serviceWorker.controller !== null, 5000);
    return registration;
  })();
  return registered;
}

/** A `begin` that fetches what is to be downloaded, as a frame would. */
function fetching() {
  const seen = { response: undefined, name: undefined };
  return {
    seen,
    begin(url, name) {
      seen.name = name;
      seen.response = fetch(url);
    },
  };
}
const bytesOf = async ({ response }) => new Uint8Array(await (await response).arrayBuffer());
const needsOpfs = () => {
  if (!navigator.storage?.getDirectory) throw new Skip('this engine has no origin private file system');
};
const filesLeft = async () => {
  const names = [];
  for await (const name of (
    await (await navigator.storage.getDirectory()).getDirectoryHandle('tidegate-downloads', { create: true })
  ).keys())
    names.push(name);
  return names.length;
};

export default {
  async 'the example for those who come from StreamSaver.js runs'() {
    const { saveReport } = await import('/examples/streamsaver.js');
    const serviceWorker = await worker();
    let response;
    const begin = (url) => void (response = fetch(url).then((got) => got.text()));
    const rows = [{ city: 'Delft', amount: 7 }];
    equal(await within(5000, saveReport(rows, { ways: ['service-worker'], serviceWorker, begin })), 'service-worker');
    equal(await response, 'Delft,7\r\n');
  },

  async 'goes down the ladder to the first way there is'() {
    const picker = globalThis.showSaveFilePicker;
    const { seen, begin } = fetching();
    try {
      const sink = toDownload('a.bin', { ways: ['picker', 'blob'], begin }); // nobody has clicked, so the picker refuses
      await pipeline([pattern(1000)], sink);
      equal(await sink.via, 'blob');
      equal(await sha256(await bytesOf(seen)), await sha256(pattern(1000)));
      equal(seen.name, 'a.bin');
    } finally {
      globalThis.showSaveFilePicker = picker;
    }
  },

  async 'a user who closes the picker ends it, and no other way is tried'() {
    const picker = globalThis.showSaveFilePicker;
    globalThis.showSaveFilePicker = async () => {
      throw new DOMException('no', 'AbortError');
    };
    try {
      const sink = toDownload('a.bin', { begin: () => ok(false, 'it began') });
      equal((await rejection(pipeline(['x'], sink))).name, 'AbortError');
      equal((await rejection(sink.via)).name, 'AbortError');
    } finally {
      globalThis.showSaveFilePicker = picker;
    }
  },

  async 'by the picker it writes to the file that was picked'() {
    needsOpfs();
    const handle = await (await navigator.storage.getDirectory()).getFileHandle('picked', { create: true });
    const picker = globalThis.showSaveFilePicker;
    globalThis.showSaveFilePicker = async ({ suggestedName }) => (equal(suggestedName, 'a.txt'), handle);
    try {
      const sink = toDownload('a.txt', { size: 4 });
      await pipeline(['ti', 'de'], sink);
      equal([await sink.via, await (await handle.getFile()).text()], ['picker', 'tide']);
    } finally {
      globalThis.showSaveFilePicker = picker;
    }
  },

  async 'by the service worker it streams, with its name, type and length, byte for byte'() {
    await worker();
    const part = pattern(MB);
    const { seen, begin } = fetching();
    const sink = toDownload('Grüße "1".csv', { ways: ['service-worker'], type: 'text/csv', size: 40 * MB, begin });
    let digest;
    const reading = until(() => seen.response !== undefined, 5000).then(async () => {
      const response = await seen.response;
      equal(response.headers.get('content-type'), 'text/csv');
      equal(
        response.headers.get('content-disposition'),
        `attachment; filename="Gr__e _1_.csv"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20_1_.csv`,
      );
      equal(response.headers.get('content-length'), String(40 * MB));
      digest = await sha256(await bytesOf(seen));
    });
    await pipeline(
      Array.from({ length: 40 }, () => part),
      sink,
    );
    await reading;
    equal(await sink.via, 'service-worker');
    equal(digest, await sha256(new Uint8Array(await new Blob(Array.from({ length: 40 }, () => part)).arrayBuffer())));
  },

  async 'by the service worker it holds the source back while the browser does not take it, and stops when that is cancelled'() {
    await worker();
    const { seen, begin } = fetching();
    let made = 0;
    const source = (function* () {
      for (;;) {
        made += 1;
        yield new Uint8Array(65536);
      }
    })();
    const running = pipeline(source, toDownload('endless.bin', { ways: ['service-worker'], begin }));
    running.catch(() => {});
    await until(() => seen.response !== undefined, 5000);
    const { body } = await seen.response;
    const reader = body.getReader();
    await reader.read();
    // Firefox and WebKit take in a body that a page does not read; what they save they take as the disk does.
    if (/Chrome/.test(navigator.userAgent))
      ok((await standing(() => made)) < 2000, `${made} chunks of 64 KiB were made`);
    await reader.cancel();
    equal((await rejection(within(5000, running))) instanceof Error, true);
  },

  async 'by the service worker a pipeline that fails breaks the download off'() {
    await worker();
    const { seen, begin } = fetching();
    const broken = new Error('broken');
    const source = (async function* () {
      yield new Uint8Array(1000);
      await until(() => seen.response !== undefined, 5000);
      throw broken;
    })();
    equal(
      (await rejection(pipeline(source, toDownload('half.bin', { ways: ['service-worker'], begin })))) === broken,
      true,
    );
    await rejection(bytesOf(seen));
  },

  async 'by the origin private file system it gathers a file larger than it may hold, and removes it when it fails'() {
    needsOpfs();
    const before = await filesLeft();
    const { seen, begin } = fetching();
    const part = pattern(MB);
    await pipeline(
      Array.from({ length: 20 }, () => part),
      toDownload('a.bin', { ways: ['opfs'], cap: 0, begin }),
    );
    equal((await bytesOf(seen)).length, 20 * MB);
    equal(await filesLeft(), before + 1);
    const broken = new Error('broken');
    const failing = (async function* () {
      yield part;
      throw broken;
    })();
    equal(
      (await rejection(
        pipeline(failing, toDownload('a.bin', { ways: ['opfs'], begin: () => ok(false, 'it began') })),
      )) === broken,
      true,
    );
    equal(await filesLeft(), before + 1);
  },

  async 'as a Blob it holds no more than its cap'() {
    let made = 0;
    const source = (function* () {
      for (;;) {
        made += 1;
        yield new Uint8Array(1000);
      }
    })();
    const error = await rejection(
      pipeline(source, toDownload('a.bin', { ways: ['blob'], cap: 10_000, begin: () => ok(false, 'it began') })),
    );
    ok(/received more than the 10000 bytes that cap allows in memory/.test(error.message), error.message);
    ok(made < 15, `${made} KB were made`);
  },

  async 'a file with too few or too many bytes is an error on every way, and no download'() {
    await worker().catch((error) => ok(error instanceof Skip, error));
    const ways = [
      'blob',
      ...(navigator.serviceWorker.controller ? ['service-worker'] : []),
      ...(navigator.storage?.getDirectory ? ['opfs'] : []),
    ];
    for (const way of ways) {
      const { seen, begin } = fetching();
      for (const text of ['abc', 'abcdefgh']) {
        const error = await rejection(
          within(5000, pipeline([text], toDownload('a.bin', { ways: [way], size: 5, begin }))),
        );
        equal(error.name, 'RangeError', way);
        if (way === 'service-worker')
          await seen.response?.then(
            (response) => rejection(response.arrayBuffer()),
            () => {},
          );
        else equal(seen.response, undefined, way);
      }
    }
  },

  async 'says which ways there were when none is left'() {
    const error = await rejection(
      pipeline(['x'], toDownload('a.bin', { ways: ['picker', 'service-worker'], serviceWorker: { active: null } })),
    );
    equal(error.name, 'NotSupportedError');
    ok(
      /none of the ways to save a file works here \(picker: .*; service-worker: no service worker is active for this page\)/.test(
        error.message,
      ),
      error.message,
    );
    await turn();
  },

  async 'the example runs'() {
    const { saveExport } = await import('/examples/to-download.js');
    const { click } = HTMLAnchorElement.prototype;
    let link;
    HTMLAnchorElement.prototype.click = function () {
      link = this;
    };
    try {
      equal(await saveExport(new Response('a,b\n'), 'a.csv', { ways: ['blob'] }), 'blob');
      equal([link.download, await (await fetch(link.href)).text()], ['a.csv', 'a,b\n']);
    } finally {
      HTMLAnchorElement.prototype.click = click;
    }
  },
};
