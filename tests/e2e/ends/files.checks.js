import { fromFile, pipeline, toBytes, toFile } from '/dist/index.js';
import { equal, ok, pattern, rejection, sha256, Skip, turn, within } from '/support.js';

const MB = 1 << 20;

let count = 0;
/** A new file of the origin private file system. */
async function newFile(content) {
  if (!navigator.storage?.getDirectory) throw new Skip('this engine has no origin private file system');
  const handle = await (
    await navigator.storage.getDirectory()
  ).getFileHandle(`ends-${count++}-${performance.now()}`, { create: true });
  if (content !== undefined) await pipeline([content], toFile(handle));
  return handle;
}
const textOf = async (handle) => (await handle.getFile()).text();

/** Does `task` with `handle` in a worker, which writes by a sync access handle. */
async function inWorker(handle, task) {
  const worker = new Worker('/files.worker.js', { type: 'module' });
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
  worker.postMessage({ handle, ...task });
  try {
    return await within(10_000, answer);
  } finally {
    worker.terminate();
  }
}

export default {
  async 'fromFile reads a large File without holding it'() {
    const part = pattern(MB);
    const file = new File(
      Array.from({ length: 64 }, () => part),
      'large',
    );
    let bytes = 0;
    let largest = 0;
    await pipeline(fromFile(file), async (chunks) => {
      for await (const chunk of chunks) {
        bytes += chunk.byteLength;
        largest = Math.max(largest, chunk.buffer.byteLength);
      }
    });
    equal(bytes, 64 * MB);
    ok(largest <= 262144, `a chunk held ${largest} bytes`);
  },

  async 'fromFile reads what is asked for and no more, and goes on where it was'() {
    const content = pattern(100_000);
    let asked = 0;
    const blob = new Blob([content]);
    const slice = blob.slice.bind(blob);
    blob.slice = (from, to) => {
      asked += to - from;
      return slice(from, to);
    };
    const stream = fromFile(blob, { chunkSize: 1000 });
    const reader = stream.getReader();
    const first = (await reader.read()).value;
    for (let n = 0; n < 5; n += 1) await turn();
    equal(asked, 1000);
    reader.releaseLock();
    const rest = await toBytes(stream);
    equal(await sha256(Uint8Array.from([...first, ...rest])), await sha256(content));
  },

  async 'toFile writes small chunks together, and fromFile reads the handle back'() {
    const handle = await newFile();
    const content = pattern(300_000);
    let writes = 0;
    const { createWritable } = Object.getPrototypeOf(handle);
    handle.createWritable = async (options) => {
      const stream = await createWritable.call(handle, options);
      const write = stream.write.bind(stream);
      stream.write = (data) => {
        writes += 1;
        return write(data);
      };
      return stream;
    };
    await pipeline(
      Array.from({ length: 3000 }, (_, n) => content.subarray(n * 100, n * 100 + 100)),
      toFile(handle, { gather: 65536, size: 300_000 }),
    );
    ok(writes <= 5, `3,000 chunks were written in ${writes} writes`);
    equal(await sha256(await toBytes(fromFile(handle))), await sha256(content));
  },

  async 'toFile replaces what was there, appends to it, or writes from a place on'() {
    const handle = await newFile('0123456789');
    await pipeline(['abc'], toFile(handle));
    equal(await textOf(handle), 'abc');
    await pipeline(['def', 'g'], toFile(handle, { at: 'end' }));
    equal(await textOf(handle), 'abcdefg');
    await pipeline(['XY'], toFile(handle, { at: 2 }));
    equal(await textOf(handle), 'abXYefg');
  },

  async 'toFile leaves the file as it was when the pipeline fails, and free to be written again'() {
    const handle = await newFile('as it was');
    const broken = new Error('broken');
    const failing = (async function* () {
      yield new Uint8Array(3 * MB);
      throw broken;
    })();
    equal((await rejection(within(1000, pipeline(failing, toFile(handle))))) === broken, true);
    equal(await textOf(handle), 'as it was');
    await pipeline(['new'], toFile(handle));
    equal(await textOf(handle), 'new');
  },

  async 'toFile leaves the file as it was, and free, when a chunk cannot be written'() {
    const handle = await newFile('as it was');
    const error = await rejection(pipeline([new Uint8Array(2 * MB), { a: 1 }], toFile(handle)));
    ok(/^toFile\(\): chunks must be bytes or strings/.test(error.message), error.message);
    equal(await textOf(handle), 'as it was');
    await pipeline(['new'], toFile(handle));
    equal(await textOf(handle), 'new');
  },

  async 'toFile takes a file that is shorter or longer than it should be for an error'() {
    const handle = await newFile('before');
    const short = await rejection(pipeline(['abc'], toFile(handle, { size: 5 })));
    ok(/^toFile\(\): received 3 bytes instead of the declared size of 5/.test(short.message), short.message);
    const long = await rejection(pipeline(['abcdef'], toFile(handle, { size: 5 })));
    ok(/received more than the declared size of 5 bytes/.test(long.message), long.message);
    equal(await textOf(handle), 'before');
  },

  async 'toFile opens nothing before something is written'() {
    const handle = await newFile('x');
    let opened = 0;
    const { createWritable } = handle;
    handle.createWritable = (options) => {
      opened += 1;
      return createWritable.call(handle, options);
    };
    const sink = toFile(handle);
    await sink.abort();
    equal(opened, 0);
    await pipeline([], toFile(handle));
    equal([opened, await textOf(handle)], [1, '']);
  },

  async 'toFile holds its source back while the disk is slow'() {
    const handle = await newFile();
    const { createWritable } = handle;
    let go;
    const stopped = new Promise((resolve) => void (go = resolve));
    handle.createWritable = async (options) => {
      const stream = await createWritable.call(handle, options);
      const write = stream.write.bind(stream);
      stream.write = (data) => stopped.then(() => write(data));
      return stream;
    };
    let made = 0;
    const source = (function* () {
      for (; made < 200;) {
        made += 1;
        yield new Uint8Array(65536);
      }
    })();
    const running = pipeline(source, toFile(handle));
    for (let n = 0; n < 20; n += 1) await turn();
    ok(made <= 20, `${made} chunks of 64 KiB were made for 1 MiB that is gathered`);
    go();
    await running;
    equal((await handle.getFile()).size, 200 * 65536);
  },

  async 'toFile writes by a sync access handle in a worker, whole, and cut back when it fails'() {
    const handle = await newFile('before');
    equal(await inWorker(handle, { chunks: ['abc', 'def'] }), 'well');
    equal(await textOf(handle), 'abcdef');
    equal(await inWorker(handle, { chunks: ['ghi'], options: { at: 'end' } }), 'well');
    equal(await textOf(handle), 'abcdefghi');
    equal(
      await inWorker(handle, { chunks: ['jkl'], options: { at: 'end', gather: 0 }, fail: 'broken' }),
      'Error: broken',
    );
    equal(await textOf(handle), 'abcdefghi');
    equal(await inWorker(handle, { chunks: ['12'], options: { at: 1 } }), 'well'); // and the lock is free
    equal(await textOf(handle), 'a12defghi');
  },

  async 'toFile by a sync access handle leaves what a failed job did not overwrite as it was'() {
    const handle = await newFile('before');
    const failed = async (options, chunks = ['xyz']) => {
      equal(
        await inWorker(handle, { chunks, options: { gather: 0, ...options }, fail: 'broken' }),
        'Error: broken',
        JSON.stringify(options),
      );
      return textOf(handle);
    };
    equal(await failed({ at: 100 }), 'before');
    equal(await failed({ at: 6 }), 'before');
    equal(await failed({ at: 'end' }), 'before');
    equal(await failed({ at: 1 }), 'bxyzre'); // its size, and what lies behind
    equal(await failed({ at: 4 }), 'bxyzxy');
    equal(await failed({ gather: 100 }), 'bxyzxy'); // nothing was written yet
    equal(await failed({}), '');
    equal(await inWorker(handle, { chunks: ['new'] }), 'well'); // and the lock is free
  },

  async 'toFile by a sync access handle checks the size before it writes what is gathered'() {
    const handle = await newFile('before');
    ok(
      /^RangeError: toFile\(\): received 3 bytes/.test(
        await inWorker(handle, { chunks: ['abc'], options: { size: 5 } }),
      ),
      'it failed',
    );
    equal(await textOf(handle), 'before');
  },

  async 'toFile by a stream leaves the file as it was wherever a failed job began'() {
    const handle = await newFile('before');
    const broken = new Error('broken');
    for (const at of [0, 1, 6, 100, 'end']) {
      const failing = (async function* () {
        yield 'xyz';
        throw broken;
      })();
      equal((await rejection(pipeline(failing, toFile(handle, { at, gather: 0 })))) === broken, true);
      equal(await textOf(handle), 'before');
    }
    await pipeline(['!'], toFile(handle, { at: 'end' }));
    equal(await textOf(handle), 'before!');
  },

  async 'toFile joins a pair of surrogates that is cut between two chunks'() {
    const handle = await newFile();
    await pipeline('a😀é'.split(''), toFile(handle));
    equal(await textOf(handle), 'a😀é');
  },

  async 'the example of fromFile runs'() {
    const { lineCount } = await import('/examples/from-file.js');
    equal(await lineCount(new File(['a\nb\nc'], 'x.txt')), 3);
  },

  async 'the example of toFile runs'() {
    const { save } = await import('/examples/to-file.js');
    const handle = await newFile();
    equal(await save(new Response('tide'), handle), 4);
    equal(await textOf(handle), 'tide');
  },

  async 'the example for those who come from PapaParse runs'() {
    const { importRows } = await import('/examples/papaparse.js');
    const rows = [];
    const columns = await importRows(new File(['city,amount\nDelft,7\n'], 'x.csv'), (row) => void rows.push(row));
    equal(JSON.stringify([columns, rows]), '[["city","amount"],[{"city":"Delft","amount":7}]]');
  },

  async 'the example for those who come from the engine\u2019s streams runs'() {
    const { asResponse, compress, countLines } = await import('/examples/native-streams.js');
    const { readable, writable } = new TransformStream();
    const done = compress([new TextEncoder().encode('high tide\nlow tide\nhigh seas')], writable);
    const zipped = await new Response(readable).blob();
    await done;
    equal(await countLines(URL.createObjectURL(zipped), 'high'), 2);
    equal(await asResponse(new Response('tide').body).text(), 'tide');
  },
};
