/**
 * `node benches/fetch/run.mjs [--engine NAME] [--mb 256] [--turns 5] [--latency 50]`: a download as one body and in windows, from loopback, and
 * through a proxy that holds back every byte for `latency` milliseconds in each direction. The bytes are counted. Prints MB a second
 * by the median and by the least time, and the ratio of the medians to one body, or behind the proxy to one connection.
 */
import { parseArgs } from 'node:util';
import { engines, runPage } from '../../tools/browsers/index.mjs';
import { startProxy } from '../../tests/js/sources/delaying-proxy.mjs';
import { root, serve } from '../../tests/packaging/helpers.mjs';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', multiple: true, default: engines },
    mb: { type: 'string', default: '256' },
    turns: { type: 'string', default: '5' },
    latency: { type: 'string', default: '50' },
  },
});
const size = Number(values.mb) * 2 ** 20;
const piece = Buffer.from(Uint8Array.from({ length: 2 ** 18 }, (_, at) => (at * 7 + (at >> 8)) & 255 || 1));

/** Sends `size` bytes, or a range of them, as the client takes them. */
function file(request, response) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = Math.min(size, last ? Number(last) + 1 : Infinity);
  response.writeHead(first === undefined ? 200 : 206, {
    etag: '"1"',
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'ETag, Content-Range',
    'content-length': end - start,
    ...(first === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  });
  let left = end - start;
  const write = () => {
    while (left > 0) {
      const part = left < piece.length ? piece.subarray(0, left) : piece;
      left -= part.length;
      if (!response.write(part)) return response.once('drain', write);
    }
    response.end();
  };
  write();
}

const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];
const MIB = 2 ** 20;

for (const engine of values.engine) {
  const server = await serve(root, {
    '/bench': (request, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><script type="module" src="/benches/fetch/page.js"></script>'),
    '/file': file,
  });
  const proxy = await startProxy(new URL(server.url).port, Number(values.latency));
  try {
    const near = [
      { name: 'one body', url: '/file', options: {} },
      ...[1, 2, 3, 4].map((connections) => ({
        name: `8 MiB, connections: ${connections}`,
        url: '/file',
        options: { window: 8 * MIB, connections },
      })),
    ];
    const far = [
      ...[1, 2, 4, 6].map((connections) => ({
        name: `${values.latency} ms away, 8 MiB, connections: ${connections}`,
        url: `${proxy.url}file`,
        options: { window: 8 * MIB, connections },
      })),
      { name: `${values.latency} ms away, one body`, url: `${proxy.url}file`, options: {} },
    ];
    for (const ways of [near, far]) {
      const query = new URLSearchParams({ ways: JSON.stringify(ways), turns: values.turns, size });
      const { times, error } = await runPage(engine, `${server.url}bench?${query}`, { timeout: 900_000 });
      if (error) throw new Error(error);
      const base = median(times[ways[0].name]);
      for (const [name, all] of Object.entries(times)) {
        const rate = (milliseconds) => (size / 1000 / milliseconds).toFixed(0);
        console.log(
          `${engine.padEnd(9)} ${name.padEnd(36)} ${rate(median(all)).padStart(5)} ${rate(Math.min(...all)).padStart(5)} MB/s   ${(base / median(all)).toFixed(2)}`,
        );
      }
    }
  } finally {
    proxy.close();
    await server.close();
  }
}
