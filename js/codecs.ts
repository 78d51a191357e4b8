/**
 * Codecs and parsers for large files, in Wasm modules, each of which is compiled when its first codec runs.
 *
 * A codec is a `{ readable, writable }` pair: pass it to `pipeThrough()`, or to `pipeline()`, which runs adjacent
 * codecs as one chain. A codec can be used once. Its input must be bytes.
 *
 * @module
 */
export { brotliCompress, type BrotliCompressOptions } from './codecs/brotli-compress.js';
export { brotliDecompress, type BrotliDecompressOptions } from './codecs/brotli.js';
export {
  base64Decode,
  base64Encode,
  hexDecode,
  hexEncode,
  type AsciiOptions,
  type Base64DecodeOptions,
  type Base64EncodeOptions,
  type HexDecodeOptions,
  type HexEncodeOptions,
} from './codecs/base64.js';
export {
  csv,
  type CsvColumnOptions,
  type CsvColumnStage,
  type CsvHeader,
  type CsvOptions,
  type CsvStage,
} from './codecs/csv.js';
export {
  BoolColumn,
  DictionaryColumn,
  Utf8Column,
  type BigInts,
  type ColumnBatch,
  type ColumnOf,
  type ColumnType,
  type ColumnTypes,
  type Floats,
  type Ints,
  type Validity,
} from './codecs/columns.js';
export { CompressionStream, DecompressionStream, type CompressionFormat } from './codecs/compression-streams.js';
export { decodeText, type DecodeTextOptions, type DecodeTextStage } from './codecs/decode-text.js';
export {
  decompress,
  type DecompressFormat,
  type DecompressOptions,
  type DecompressStage,
} from './codecs/decompress.js';
export { deflate, deflateRaw, gzip, type DeflateOptions, type GzipOptions } from './codecs/deflate.js';
export type { DigestAlgorithm, DigestName } from './codecs/algorithms.js';
export { digest, type DigestStage, type DigestsStage } from './codecs/digest.js';
export { CodecError, type CodecErrorCode } from './codecs/error.js';
export { gunzip, type GunzipOptions, type GzipHeader } from './codecs/gunzip.js';
export { inflate, inflateRaw } from './codecs/inflate.js';
export type { InflateOptions } from './codecs/limits.js';
export { installCompression } from './codecs/install.js';
export { json, type JsonEntry, type JsonOptions } from './codecs/json.js';
export { lines, type LinesOptions } from './codecs/lines.js';
export { ndjson, type NdjsonOptions, type NdjsonStage } from './codecs/ndjson.js';
export {
  TextDecoderStream,
  TextEncoderStream,
  type TextDecoderStreamClass,
  type TextEncoderStreamClass,
} from './codecs/text-streams.js';
export { toDigest, type DigestResult, type DigestSink, type DigestsResult } from './codecs/to-digest.js';
export { zstdCompress, type ZstdCompressOptions } from './codecs/zstd-compress.js';
export { zstdDecompress, type ZstdDecompressOptions } from './codecs/zstd.js';
export { codecMemory } from './codecs/module.js';
export { workerPool, type NodeWorker, type WebWorker, type WorkerPoolOptions } from './codecs/workers.js';
export type { WorkerPool } from './bridge/stages.js';
export type { StageStats } from './codecs/segment.js';
export type { CodecOptions, TextOptions } from './codecs/options.js';
export type { CsvComparable, CsvCondition } from './codecs/plan.js';
export type { CsvObject } from './codecs/rows.js';
export type { CodecInput, CodecStage, FlushStage, TextCodecStage } from './codecs/stage.js';
