/** hono: an app that streams; in Node behind @hono/node-server, in a page called by itself. */
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { stream, streamSSE } from 'hono/streaming';
import { failureOf, readAll, settled, sleep, source, summary } from './parts.mjs';

function makeApp(env, seen) {
  const app = new Hono();
  app.get('/body', () => new Response(env.theirs(source(env, 30))));
  app.get('/broken', () => new Response(env.theirs(source(env, 30, { failAt: 5 }))));
  app.get('/piped', (c) => stream(c, (out) => out.pipe(env.theirs(source(env, 30)))));
  app.get('/written', (c) =>
    stream(c, async (out) => {
      for (let n = 0; n < 30; n += 1) {
        await out.write(`line ${n}\n`);
        await out.sleep(1);
      }
    }),
  );
  app.get('/events', (c) =>
    streamSSE(c, async (out) => {
      for (let n = 0; n < 10; n += 1) await out.writeSSE({ data: `level ${n}`, id: String(n) });
    }),
  );
  app.get('/endless', (c) =>
    stream(c, async (out) => {
      out.onAbort(() => {
        seen.aborted = true;
      });
      while (!out.aborted) {
        await out.write('x'.repeat(1000));
        await out.sleep(2);
      }
    }),
  );
  app.use('/zipped', compress());
  app.get('/zipped', (c) => c.body(env.theirs(source(env, 30)), 200, { 'content-type': 'text/plain' }));
  app.post('/echo', (c) => c.body(c.req.raw.body));
  app.get('/failing', () => {
    throw new RangeError('no handler');
  });
  app.onError((error, c) => c.text(error.message, 500));
  return app;
}

async function serving(app, place, use) {
  if (place !== 'node') return use(async (path, init) => app.request(path, init));
  const { serve } = await import('@hono/node-server');
  const server = await new Promise((resolve) => {
    const made = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(made));
  });
  try {
    return await use((path, init) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

export async function run(env) {
  const seen = { aborted: false };
  return serving(makeApp(env, seen), env.place, async (request) => {
    const get = async (path, pause) => summary(await readAll(env.ours((await request(path)).body), pause));
    const results = {};
    for (const path of ['/body', '/piped', '/written', '/events']) results[path] = await settled(get(path));
    results['/body, read slowly'] = await settled(get('/body', 2));
    results['/zipped'] = await settled(
      request('/zipped', { headers: { 'accept-encoding': 'gzip' } }).then(async (response) => {
        const isDecoded = env.place === 'node' || response.headers.get('content-encoding') !== 'gzip'; // a page cannot ask for it in some engines
        return summary(
          await readAll(
            env.ours(isDecoded ? response.body : response.body.pipeThrough(new DecompressionStream('gzip'))),
          ),
        );
      }),
    );
    results['/broken'] = (await settled(failureOf(get('/broken')))).value === undefined;
    if (env.place === 'node') {
      const pieces = source(env, 20);
      results['/echo'] = await settled(
        request('/echo', { method: 'POST', body: env.theirs(pieces), duplex: 'half' }).then(async (response) =>
          summary([new Uint8Array(await response.arrayBuffer())]),
        ),
      );
    }
    results['/failing'] = await settled(
      request('/failing').then(async (response) => [response.status, await response.text()]),
    );
    const reader = env.ours((await request('/endless')).body).getReader();
    await reader.read();
    await reader.cancel();
    for (let tries = 0; tries < 100 && !seen.aborted; tries += 1) await sleep(10);
    return { ...results, 'the app hears of an abort': seen.aborted };
  });
}
