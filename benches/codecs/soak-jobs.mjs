/** What `npm run soak:codecs` runs. A job gets the bytes that go in, piece by piece, and says how many came out, and how many should have. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { csvStringify, jsonStringify, ndjsonStringify, pipeline } from '../../dist/index.js';
import * as codecs from '../../dist/codecs.js';
import { makeData } from './data.mjs';

const CHUNK = 65_536;
/** A piece is whole rows, so that a text made of pieces is well formed. */
const PIECE = 8e6;

const made = makeData(PIECE);
const headerEnd = made.files.text.indexOf(0x0a) + 1;
const csvPiece = made.files.text.subarray(headerEnd);
const jsonPiece = made.files.json;
/** The same rows as elements of an array. */
const elements = Buffer.from(jsonPiece.toString().replaceAll('\n', ',\n'));
const packedPiece = gzipSync(csvPiece, { level: 6 });

/** Chunks of one piece after the other, until `bytes` bytes of `unit` each have been given. `tell` is called with each of them. */
function* repeated(piece, unit, bytes, tell) {
  for (let given = 0; given < bytes; given += unit)
    for (let at = 0; at < piece.length; at += CHUNK) {
      const chunk = piece.subarray(at, at + CHUNK);
      yield chunk;
      tell((given + (at / piece.length) * unit) / bytes);
    }
}

const times = (unit, bytes) => Math.ceil(bytes / unit);

const csvBytes = (bytes, tell) => repeated(csvPiece, csvPiece.length, bytes, tell);
const jsonBytes = (bytes, tell) => repeated(jsonPiece, jsonPiece.length, bytes, tell);
/** One document, in which the rows come twice: where they are left out, and where they are items. */
function* documentBytes(bytes, tell) {
  yield Buffer.from('{"skipped":[');
  yield* repeated(elements, elements.length, bytes / 2, (done) => tell(done / 2));
  yield Buffer.from('0],"items":[');
  yield* repeated(elements, elements.length, bytes / 2, (done) => tell((1 + done) / 2));
  yield Buffer.from('0]}');
}
const packedBytes = (bytes, tell) => repeated(packedPiece, csvPiece.length, bytes, tell);

/** Runs stages and adds up what `count` says of each chunk. */
async function total(source, stages, count, options = {}) {
  let sum = 0;
  const sink = async (chunks) => {
    for await (const chunk of chunks) sum += count(chunk);
  };
  await pipeline(source, ...stages, sink, options);
  return sum;
}

const length = (chunk) => chunk.length;
const one = () => 1;
const expectedBytes = (bytes) => csvPiece.length * times(csvPiece.length, bytes);
const expectedRows = (bytes) => made.rows * times(csvPiece.length, bytes);

/** There and back: the packed bytes are one member of the whole length. */
const bothWays = (pack, unpack) => async (bytes, tell) => ({
  came: await total(csvBytes(bytes, tell), [pack(), unpack()], length),
  expected: expectedBytes(bytes),
});

/** Text to text: all of it is as long as one piece makes it, as often as there are pieces. */
const rewritten = (input, unit, stages) => async (bytes, tell) => ({
  came: await total(input(bytes, tell), stages(), length),
  expected:
    (await total(
      input(unit, () => {}),
      stages(),
      length,
    )) * times(unit, bytes),
});

const rows = (stage, options) => async (bytes, tell) => ({
  came: await total(csvBytes(bytes, tell), [stage()], one, options),
  expected: expectedRows(bytes),
});

const tap = (algorithm) => async (bytes, tell) => ({
  came: await total(csvBytes(bytes, tell), [codecs.digest(algorithm)], length),
  expected: expectedBytes(bytes),
});

const names = ['id', 'time', 'city', 'amount', 'email', 'note'];
const types = { id: 'i64', time: 'timestamp', city: 'utf8', amount: 'f64' };
const inWorker = { worker: true };

export const jobs = {
  'gunzip, many members': async (bytes, tell) => ({
    came: await total(packedBytes(bytes, tell), [codecs.gunzip()], length),
    expected: expectedBytes(bytes),
  }),
  'gzip, gunzip': bothWays(
    () => codecs.gzip({ level: 1 }),
    () => codecs.gunzip(),
  ),
  'zstdCompress, zstdDecompress': bothWays(
    () => codecs.zstdCompress(),
    () => codecs.zstdDecompress(),
  ),
  'deflate, inflate': bothWays(
    () => codecs.deflate({ level: 1 }),
    () => codecs.inflate(),
  ),
  'deflateRaw, inflateRaw': bothWays(
    () => codecs.deflateRaw({ level: 1 }),
    () => codecs.inflateRaw(),
  ),
  'CompressionStream, DecompressionStream': bothWays(
    () => new codecs.CompressionStream('gzip'),
    () => new codecs.DecompressionStream('gzip'),
  ),
  'digests, all in one pass': tap(['sha-1', 'sha-256', 'sha-384', 'sha-512', 'md5', 'blake3', 'crc32']),
  toDigest: async (bytes, tell) => {
    const { digest } = await pipeline(csvBytes(bytes, tell), codecs.toDigest('sha-256'));
    const hash = createHash('sha256');
    for (const chunk of csvBytes(bytes, () => {})) hash.update(chunk);
    return { came: Buffer.from(digest).toString('hex'), expected: hash.digest('hex') };
  },
  lines: rows(() => codecs.lines()),
  'csv, windows-1252': rows(() => codecs.csv({ encoding: 'windows-1252' })),
  ndjson: async (bytes, tell) => ({
    came: await total(jsonBytes(bytes, tell), [codecs.ndjson()], one),
    expected: made.rows * times(jsonPiece.length, bytes),
  }),
  json: async (bytes, tell) => ({
    came: await total(documentBytes(bytes, tell), [codecs.json('$.items[*]')], one),
    expected: made.rows * times(elements.length, bytes / 2) + 1,
  }),
  'csv, arrays': rows(() => codecs.csv()),
  'csv, objects': rows(() => codecs.csv({ header: names })),
  'csv, typed columns': async (bytes, tell) => ({
    came: await total(csvBytes(bytes, tell), [codecs.csv({ columns: types, header: names })], length),
    expected: expectedRows(bytes),
  }),
  'csv, csvStringify': rewritten(csvBytes, csvPiece.length, () => [codecs.csv(), csvStringify()]),
  'ndjson, ndjsonStringify': rewritten(jsonBytes, jsonPiece.length, () => [codecs.ndjson(), ndjsonStringify()]),
  'json, jsonStringify': async (bytes, tell) => ({
    came: await total(documentBytes(bytes, tell), [codecs.json('$.items[*]'), jsonStringify()], length),
    expected: '[0]'.length + jsonPiece.toString().length * times(elements.length, bytes / 2),
  }),
  'gunzip, csv in a worker': async (bytes, tell) => ({
    came: await total(packedBytes(bytes, tell), [codecs.gunzip(), codecs.csv()], one, inWorker),
    expected: expectedRows(bytes),
  }),
};
