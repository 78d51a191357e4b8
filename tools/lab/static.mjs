/** Serves the files of a few folders, and nothing outside them. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * Serves one file of `folder`.
 *
 * @param {import('node:http').ServerResponse} response
 * @param {string} folder absolute path
 * @param {string} path decoded URL path below it
 * @returns {Promise<boolean>} false when there is no such file
 */
export async function serveFile(response, folder, path) {
  const file = join(folder, normalize(`/${path}`));
  if (!file.startsWith(folder + sep) || path.includes('\0')) return false;
  const info = await stat(file).catch(() => null);
  if (!info?.isFile()) return false;
  response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream');
  response.setHeader('Content-Length', info.size);
  response.setHeader('Cache-Control', 'no-cache');
  if (response.req.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file), response);
  return true;
}
