/** toDownload() and serveDownloads() with names and types that try something, and with ways that fail. */
import { pipeline, toDownload } from '/dist/index.js';
import { equal, ok, pause, rejection, Skip, until, within } from '/support.js';

let registered;
async function worker() {
  registered ??= (async () => {
    const container = navigator.serviceWorker;
    if (!container) throw new Skip('this engine has no service workers');
    const registration = await container
      .register('/download.worker.js', { type: 'module' })
      .catch(() => container.register('/download.worker.classic.js'));
    await until(() => registration.active?.state === 'activated' && navigator.serviceWorker.controller !== null, 5000);
    return registration;
  })();
  return registered;
}

const needsOpfs = () => {
  if (!navigator.storage?.getDirectory) throw new Skip('this engine has no origin private file system');
};
const folder = async () =>
  (await navigator.storage.getDirectory()).getDirectoryHandle('tidegate-downloads', { create: true });
async function filesLeft() {
  const names = [];
  for await (const name of (await folder()).keys()) names.push(name);
  return names.length;
}

/** The address and the response of a download of `text`, fetched as a frame would. */
async function downloaded(name, options) {
  let address;
  let response;
  const begin = (url) => {
    address = url;
    response = fetch(url).then(async (got) => ({ status: got.status, headers: got.headers, text: await got.text() }));
  };
  await within(5000, pipeline(['ti', 'de'], toDownload(name, { ways: ['service-worker'], begin, ...options })));
  return { address, ...(await response) };
}

const LONG = 'ü'.repeat(5000);
const NAMES = {
  'a\ud83db.txt': 'a\ufffdb.txt',
  '\ude00': '\ufffd',
  'a\r\nSet-Cookie: x=1': 'aSet-Cookie_ x=1',
  '..': 'download',
  '../../etc/passwd': '_.._etc_passwd',
  '/': '_',
  '\\\\host\\share': '__host_share',
  'a"; filename=b': 'a_; filename=b',
  '%2e%2e%2f': '%2e%2e%2f',
  "it's (1)*.csv": "it's (1)_.csv",
  [`${LONG}.csv`]: `${LONG.slice(0, 94)}.csv`,
  ' . ': 'download',
  '\u0000\u0007': 'download',
  'photo\u202egpj.exe': 'photogpj.exe',
  CON: '_CON',
  'com1.txt': '_com1.txt',
  'NUL .txt': '_NUL .txt',
  'console.log': 'console.log',
  'a.txt. .': 'a.txt',
  '.htaccess': 'htaccess',
  'C:\\x': 'C__x',
  '?q#h': '_q#h',
  '日本.csv': '日本.csv',
};

export default {
  async 'every name is a name: never a path, a second header, a part of the address or an error'() {
    await worker();
    for (const [name, expected] of Object.entries(NAMES)) {
      const { address, status, headers, text } = await downloaded(name);
      equal([status, text], [200, 'tide'], name);
      ok(/\/tidegate-download\/[0-9a-f-]{36}$/.test(address), `${name} has the address ${address}`);
      equal([...headers.keys()].includes('set-cookie'), false, name);
      const [, plain, extended] =
        /^attachment; filename="([^"]*)"; filename\*=UTF-8''([\w!#$&+.^`|~%-]*)$/.exec(
          headers.get('content-disposition'),
        ) ?? [];
      equal(decodeURIComponent(extended), expected, name);
      equal(/[/\\]/.test(plain), false, name);
    }
  },

  async 'the same name is suggested to the picker and given to a link'() {
    const picker = globalThis.showSaveFilePicker;
    let suggested;
    globalThis.showSaveFilePicker = async ({ suggestedName }) => {
      suggested = suggestedName;
      throw new TypeError('not today');
    };
    try {
      let given;
      await pipeline(
        ['x'],
        toDownload('../a\u202e.txt', { ways: ['picker', 'blob'], begin: (url, name) => void (given = name) }),
      );
      equal([suggested, given], ['_a.txt', '_a.txt']);
    } finally {
      globalThis.showSaveFilePicker = picker;
    }
  },

  async 'a type that is none is an unknown one'() {
    await worker();
    for (const type of ['a\r\nset-cookie: x', 'nonsense', '', 'text/html\u0000', 'text/ü', '/', 5, null, {}]) {
      equal((await downloaded('a', { type })).headers.get('content-type'), 'application/octet-stream', String(type));
    }
    equal(
      (await downloaded('a', { type: 'text/csv; charset=utf-8' })).headers.get('content-type'),
      'text/csv; charset=utf-8',
    );
  },

  async 'what the service worker did not offer, or has been fetched, is not there'() {
    await worker();
    const { address } = await downloaded('a');
    ok((await fetch(address)).status === 404, 'it was served twice');
    ok(
      (await fetch(address.replace(/[^/]*$/, crypto.randomUUID()))).status === 404,
      'it was served without having been offered',
    );
  },

  async 'messages of no sense do not stop the service worker from serving'() {
    const { active } = await worker();
    for (const message of [
      null,
      5,
      'tidegate.download',
      {},
      { type: 'tidegate.download' },
      { type: 'tidegate.download', reply: 5 },
      { type: 'tidegate.alive' },
    ])
      active.postMessage(message);
    const { port1, port2 } = new MessageChannel();
    const { port1: data, port2: far } = new MessageChannel();
    const answer = new Promise((resolve) => void (port1.onmessage = (event) => resolve(event.data)));
    active.postMessage({ type: 'tidegate.download', id: '../x', name: 'a', port: far, reply: port2 }, [far, port2]);
    ok(
      /must be a UUID that was not used before/.test((await within(5000, answer)).error),
      'an id that is a path was taken',
    );
    data.close();
    equal((await downloaded('a')).text, 'tide');
  },

  async 'a user who cancels while nothing is written fails the pipeline'() {
    await worker();
    let response;
    let cancelled = false;
    const source = (async function* () {
      yield new Uint8Array(10);
      // Firefox tells the service worker of a cancel when that sends more.
      await until(() => cancelled && navigator.userAgent.includes('Firefox'), 60_000);
      for (;;) {
        yield new Uint8Array(1 << 16);
        await pause(20);
      }
    })();
    const running = pipeline(
      source,
      toDownload('a', { ways: ['service-worker'], begin: (url) => void (response = fetch(url)) }),
    );
    running.catch(() => {});
    await until(() => response !== undefined, 5000);
    const { body } = await response;
    await body.cancel();
    cancelled = true;
    const { name, message } = await rejection(within(5000, running));
    equal(name, 'AbortError');
    // Firefox and WebKit give a reason of their own.
    if (navigator.userAgent.includes('Chrome/'))
      equal(message, 'toDownload(): the user or the browser cancelled the download');
  },

  async 'a buffer that a frame made is saved as any other'() {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const { buffer } = frame.contentWindow.Uint8Array.of(116, 105);
    let text;
    await pipeline(
      [buffer],
      toDownload('a', { ways: ['blob'], begin: (url) => void (text = fetch(url).then((got) => got.text())) }),
    );
    equal(await text, 'ti');
    frame.remove();
  },

  async 'bytes in shared memory are saved on every way'() {
    const { buffer } = new WebAssembly.Memory({ initial: 32, maximum: 32, shared: true }); // 2 MiB
    const text = new Uint8Array(buffer, 3, 4);
    text.set(new TextEncoder().encode('tide'));
    for (const chunk of [text, new Uint8Array(buffer)]) {
      const ways = ['blob'];
      if (navigator.serviceWorker && (await worker())) ways.push('service-worker');
      if (navigator.storage?.getDirectory && FileSystemFileHandle.prototype.createWritable) ways.push('opfs');
      for (const way of ways) {
        let saved;
        const begin = (url) => void (saved = fetch(url).then((response) => response.arrayBuffer()));
        await within(5000, pipeline([chunk], toDownload('a', { ways: [way], begin })));
        equal([...new Uint8Array(await saved)].join() === [...chunk].join(), true, `${chunk.length} bytes by ${way}`);
      }
    }
  },

  async 'an abort while the browser takes no more ends the pipeline and breaks the download off'() {
    await worker();
    let response;
    const source = (function* () {
      for (;;) yield new Uint8Array(1 << 20);
    })();
    const controller = new AbortController();
    const running = pipeline(
      source,
      toDownload('a', { ways: ['service-worker'], begin: (url) => void (response = fetch(url)) }),
      { signal: controller.signal },
    );
    running.catch(() => {});
    await until(() => response !== undefined, 5000);
    const reader = (await response).body.getReader();
    await reader.read();
    await pause(300);
    const enough = new Error('enough');
    controller.abort(enough);
    equal((await rejection(within(3000, running))) === enough, true);
    const end = async () => {
      for (;;) if ((await reader.read()).done) return 'whole';
    };
    await rejection(within(5000, end()));
  },

  async 'by the origin private file system nothing is left when the file cannot be written or the download not begun'() {
    needsOpfs();
    const before = await filesLeft();
    const { prototype } = FileSystemFileHandle;
    const { createWritable } = prototype;
    const full = new DOMException('full', 'QuotaExceededError');
    if (createWritable !== undefined) {
      prototype.createWritable = () => Promise.reject(full);
      try {
        equal(
          (await rejection(pipeline([new Uint8Array(2 << 20)], toDownload('a', { ways: ['opfs'] })))) === full,
          true,
        );
        equal((await rejection(pipeline(['x'], toDownload('a', { ways: ['opfs'] })))) === full, true);
      } finally {
        prototype.createWritable = createWritable;
      }
      equal(await filesLeft(), before);
      const error = await rejection(
        pipeline(
          ['x'],
          toDownload('a', {
            ways: ['opfs'],
            begin: () => {
              throw full;
            },
          }),
        ),
      );
      equal([error === full, await filesLeft()], [true, before]);
    }
    delete prototype.createWritable;
    try {
      const error = await rejection(pipeline(['x'], toDownload('a', { ways: ['opfs'] })));
      equal([error.name, await filesLeft()], ['NotSupportedError', before]);
    } finally {
      if (createWritable !== undefined) prototype.createWritable = createWritable;
    }
  },

  async 'by the picker a job that fails leaves no empty file behind'() {
    needsOpfs();
    if (!('remove' in FileSystemHandle.prototype)) throw new Skip('this engine cannot remove a file by its handle');
    const root = await navigator.storage.getDirectory();
    const picker = globalThis.showSaveFilePicker;
    globalThis.showSaveFilePicker = () => root.getFileHandle('picked-empty', { create: true }); // which makes it, as a picker does
    const broken = new Error('broken');
    try {
      const failing = (async function* () {
        yield 'x';
        throw broken;
      })();
      equal((await rejection(pipeline(failing, toDownload('a')))) === broken, true);
      equal((await rejection(root.getFileHandle('picked-empty'))).name, 'NotFoundError');
      await pipeline([], toDownload('a'));
      equal((await (await root.getFileHandle('picked-empty')).getFile()).size, 0);
    } finally {
      globalThis.showSaveFilePicker = picker;
    }
  },

  async 'a pair of surrogates that is cut between two chunks is one character'() {
    let text;
    await pipeline(
      [...'a😀é'].flatMap((character) => character.split('')),
      toDownload('a', { ways: ['blob'], begin: (url) => void (text = fetch(url).then((got) => got.text())) }),
    );
    equal(await text, 'a😀é');
  },

  async 'the example asks the picker within the click'() {
    const { saveOnClick } = await import('/examples/to-download.js');
    const picker = globalThis.showSaveFilePicker;
    const button = document.createElement('button');
    let asked = 0;
    globalThis.showSaveFilePicker = () => {
      asked += 1;
      return Promise.reject(new DOMException('no', 'AbortError'));
    };
    try {
      const failed = new Promise((resolve) => saveOnClick(button, '/uploads?x', 'a.json', resolve));
      button.click();
      equal(asked, 1);
      equal((await failed).name, 'AbortError');
    } finally {
      globalThis.showSaveFilePicker = picker;
    }
  },
};
