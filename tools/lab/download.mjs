/** Streams the lab's files into an HTTP response, no faster than its socket takes it. */

import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { endlessFile } from './endless.mjs';
import { CsvGenerator } from './generator.mjs';

/**
 * Ends when the last byte was handed to the socket. When the client goes away the generator and gzip stop with it.
 *
 * @param {import('node:http').ServerResponse} response headers already set
 * @param {{ size: number, gzip: boolean, onBytes: (count: number) => void }} options
 * @returns {Promise<{ size: number, rows: number, totals: Record<string, number>, sha256: string }>} the file's summary
 * @throws what ended the response early
 */
export async function download(response, { size, gzip, onBytes }) {
  const generator = new CsvGenerator(size);
  const blocks = Readable.from(generator, { objectMode: false, highWaterMark: 1 });
  const socket = toResponse(response, onBytes);
  // Level 1: the file must leave the server faster than a page can take it in.
  await (gzip ? pipeline(blocks, createGzip({ level: 1 }), socket) : pipeline(blocks, socket));
  return generator.summary();
}

/**
 * The same for the file without an end, or one part of it.
 *
 * @param {import('node:http').ServerResponse} response headers already set
 * @param {{ part: number | null, onBytes: (count: number) => void }} options `part` counts from 0; null is the whole file
 * @throws what ended the response early
 */
export async function downloadEndless(response, { part, onBytes }) {
  await pipeline(Readable.from(endlessFile(part), { highWaterMark: 1 }), toResponse(response, onBytes));
}

/** Counts a chunk when the socket takes it and asks for the next only when its buffer has drained. */
function toResponse(response, onBytes) {
  const sink = new Writable({
    highWaterMark: 1,
    write(chunk, _encoding, done) {
      onBytes(chunk.length);
      if (response.write(chunk)) done();
      else response.once('drain', done);
    },
    final(done) {
      response.end(done);
    },
    destroy(error, done) {
      response.off('close', gone);
      if (!response.writableEnded) response.destroy();
      done(error);
    },
  });
  const gone = () => {
    if (!response.writableFinished) sink.destroy(new Error('the client closed the connection'));
  };
  response.once('close', gone);
  return sink;
}
