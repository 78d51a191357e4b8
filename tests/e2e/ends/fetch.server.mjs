/** A server that takes uploads, whole or in parts: some it drops or refuses at first, some it never answers. */
import { createHash } from 'node:crypto';

export function start() {
  const uploads = new Map();
  const uploadOf = (name) => uploads.get(name) ?? uploads.set(name, { parts: [], failed: 0, requests: 0 }).get(name);
  const routes = {
    async '/upload'(request, response) {
      const name = new URL(request.url, 'http://localhost').search.slice(1);
      const upload = uploadOf(name);
      upload.requests += 1;
      if (name === 'silent') return;
      if (name === 'refused') return void response.writeHead(403).end();
      if (name === 'flaky' && upload.requests % 3 === 0) {
        upload.failed += 1;
        if (upload.requests % 2 === 0) return void request.destroy();
        request.resume();
        return void response.writeHead(503).end();
      }
      const chunks = [];
      try {
        for await (const chunk of request) chunks.push(chunk);
      } catch {
        return;
      }
      const from = Number(/^bytes (\d+)-/.exec(request.headers['content-range'] ?? '')?.[1] ?? 0);
      upload.parts.push({ from, body: Buffer.concat(chunks) });
      response.end('done');
    },
    '/uploads'(request, response) {
      const { parts, failed } = uploadOf(new URL(request.url, 'http://localhost').search.slice(1));
      const whole = Buffer.concat(parts.map(({ body }) => body));
      let at = 0;
      const inOrder = parts.every(({ from, body }) => {
        const fits = from === at;
        at += body.length;
        return fits;
      });
      response.end(
        JSON.stringify({
          bytes: whole.length,
          parts: parts.length,
          inOrder,
          failed,
          sha256: createHash('sha256').update(whole).digest('hex'),
        }),
      );
    },
  };
  return { routes };
}
