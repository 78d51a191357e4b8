/** Times each workload over both crates, in turns whose order alternates, and posts the least time of each in milliseconds. */
const TURNS = 10;
const CHUNKS = 20_000;
const BYTES = 100 * 1024 * 1024;
const LENGTH = 64 * 1024;

const query = new URLSearchParams(location.search);
const post = (value) => fetch(query.get('result'), { method: 'POST', body: JSON.stringify(value) });

async function load(crate) {
  const glue = await import(`/${crate}_bg.js`);
  const imports = new Proxy({}, { get: () => glue });
  const { instance } = await WebAssembly.instantiateStreaming(fetch(`/${crate}_bg.wasm`), imports);
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();
  return glue;
}

function pulled() {
  let at = 0;
  return new ReadableStream({ pull: (to) => (at < CHUNKS ? to.enqueue(at++) : to.close()) }, { highWaterMark: 0 });
}

function buffered() {
  return new ReadableStream({
    start(to) {
      for (let at = 0; at < CHUNKS; at++) to.enqueue(at);
      to.close();
    },
  });
}

function bytes() {
  let left = BYTES;
  return new ReadableStream({
    type: 'bytes',
    pull(to) {
      const request = to.byobRequest;
      const length = Math.min(left, request?.view.byteLength ?? LENGTH);
      left -= length;
      if (length === 0) to.close();
      if (request) request.respond(length);
      else if (length) to.enqueue(new Uint8Array(length));
    },
  });
}

function chunksOfBytes() {
  let left = BYTES;
  const chunk = new Uint8Array(LENGTH);
  return new ReadableStream(
    { pull: (to) => ((left -= LENGTH) >= 0 ? to.enqueue(chunk) : to.close()) },
    { highWaterMark: 0 },
  );
}

const sink = (highWaterMark) => new WritableStream({ write() {} }, { highWaterMark });

async function readAll(stream) {
  const reader = stream.getReader();
  let chunks = 0;
  while (!(await reader.read()).done) chunks++;
  return chunks;
}

async function readAllBytes(stream) {
  const reader = stream.getReader({ mode: 'byob' });
  let buffer = new ArrayBuffer(LENGTH);
  let all = 0;
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done) return all;
    all += value.byteLength;
    buffer = value.buffer;
  }
}

async function writeAll(stream) {
  const writer = stream.getWriter();
  for (let at = 0; at < CHUNKS; at++) await writer.write(at);
  await writer.close();
  return CHUNKS;
}

/** The result of each is what it should have moved. `theirs: false`: wasm-streams cannot do it. */
const workloads = {
  'read a JavaScript stream that is pulled': { moves: CHUNKS, run: (crate) => crate.read(pulled()) },
  'read a JavaScript stream that is full': { moves: CHUNKS, run: (crate) => crate.read(buffered()) },
  'write, awaiting each': { moves: CHUNKS, run: (crate) => crate.send(sink(1), CHUNKS) },
  'write, awaiting room (mark 16)': { moves: CHUNKS, run: (crate) => crate.feed(sink(16), CHUNKS) },
  'JavaScript reads a Rust stream': { moves: CHUNKS, run: (crate) => readAll(crate.source(CHUNKS)) },
  'JavaScript writes into a Rust sink': { moves: CHUNKS, run: (crate) => writeAll(crate.drain()) },
  'AsyncRead, 100 MB, 64 KiB a read': { moves: BYTES, run: (crate) => crate.readBytes(bytes(), LENGTH) },
  'AsyncRead, 100 MB, 4 KiB a read': { moves: BYTES, run: (crate) => crate.readBytes(bytes(), 4096) },
  'AsyncRead of chunks, 100 MB': {
    moves: BYTES,
    run: (crate) => crate.readBytes(chunksOfBytes(), LENGTH),
    theirs: false,
  },
  'JavaScript reads a Rust reader, 100 MB': { moves: BYTES, run: (crate) => readAllBytes(crate.byteSource(BYTES)) },
  'AsyncWrite, 100 MB, 64 KiB a write': { moves: BYTES, run: (crate) => crate.writeBytes(sink(1), BYTES, LENGTH) },
};

async function time({ run, moves }, crate) {
  const began = performance.now();
  const moved = await run(crate);
  const took = performance.now() - began;
  if (moved !== moves) throw new Error(`moved ${moved} of ${moves}: ${run}`);
  return took;
}

try {
  const crates = { ours: await load('ours'), theirs: await load('theirs') };
  const least = {};
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [name, workload] of Object.entries(workloads)) {
      const result = (least[name] ??= {});
      for (const which of turn % 2 ? ['ours', 'theirs'] : ['theirs', 'ours']) {
        if (workload[which] === false) continue;
        const took = await time(workload, crates[which]);
        result[which] = Math.min(result[which] ?? Infinity, took);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }
  await post(least);
} catch (error) {
  await post({ error: String(error?.stack ?? error) });
}
