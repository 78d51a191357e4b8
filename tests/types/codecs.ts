/** Codecs: what the types say comes out, by the options. */
import { ReadableStream, csvStringify, jsonStringify, ndjsonStringify, pipeline } from 'tidegate';
import {
  base64Decode,
  base64Encode,
  decodeText,
  hexEncode,
  brotliDecompress,
  CodecError,
  decompress,
  csv,
  digest,
  gunzip,
  inflate,
  inflateRaw,
  json,
  lines,
  ndjson,
  TextDecoderStream,
  TextEncoderStream,
  toDigest,
} from 'tidegate/codecs';
import type { Bytes } from 'tidegate';
import type {
  BoolColumn,
  CodecStage,
  CsvObject,
  DictionaryColumn,
  JsonEntry,
  StageStats,
  Utf8Column,
} from 'tidegate/codecs';
import type { Equal, Expect } from './expect.js';

type Chunk<T> = T extends CodecStage<infer C> ? C : never;

export function chunks(): void {
  const [line, batch] = [lines(), lines({ batch: true })];
  const [row, rows, object, objects, arrays] = [
    csv(),
    csv({ batch: 100 }),
    csv({ header: true }),
    csv({ header: ['id', 'city'] as const, batch: true }),
    csv({ header: true, rows: 'arrays' }),
  ];
  const [base64, ascii, decoded] = [
    base64Encode({ lineLength: 76 }),
    hexEncode({ output: 'bytes' }),
    base64Decode({ alphabet: 'base64url' }),
  ];
  const [decodedText, records] = [decodeText('shift_jis', { fatal: true }), lines({ encoding: 'latin1' })];
  const [bytes, tap] = [gunzip({ trailing: 'ignore', highWaterMark: 1024 }), digest('sha-256')];
  type Chunks = [
    Expect<Equal<Chunk<typeof line>, string>>,
    Expect<Equal<Chunk<typeof batch>, string[]>>,
    Expect<Equal<Chunk<typeof row>, string[]>>,
    Expect<Equal<Chunk<typeof rows>, string[][]>>,
    Expect<Equal<Chunk<typeof object>, CsvObject>>,
    Expect<Equal<Chunk<typeof objects>, CsvObject[]>>,
    Expect<Equal<Chunk<typeof arrays>, string[]>>,
    Expect<Equal<Chunk<typeof base64>, string>>,
    Expect<Equal<Chunk<typeof ascii>, Bytes>>,
    Expect<Equal<Chunk<typeof decoded>, Bytes>>,
    Expect<Equal<Chunk<typeof decodedText>, string>>,
    Expect<Equal<typeof decodedText.encoding, string>>,
    Expect<Equal<Chunk<typeof records>, string>>,
    Expect<Equal<Chunk<typeof bytes>, Bytes>>,
    Expect<Equal<typeof tap.hex, Promise<string>>>,
    Expect<Equal<typeof row.columns, Promise<string[] | null>>>,
  ];
  void (0 as unknown as Chunks);
}

export function textStreams(source: ReadableStream<Bytes>): ReadableStream<Bytes> {
  const text: ReadableStream<string> = source.pipeThrough(new TextDecoderStream('utf-8', { fatal: true }));
  return text.pipeThrough(new TextEncoderStream());
}

export async function columns(text: ReadableStream<string>): Promise<void> {
  const typed = csv({
    header: true,
    columns: { id: 'i64', n: 'i32', amount: 'f64', open: 'bool', when: 'timestamp', city: 'dictionary', note: 'utf8' },
    where: [
      { column: 'city', op: 'in', value: ['Ulm', 'Bonn'] },
      { column: 'when', op: '>=', value: new Date(0) },
    ],
  });
  const selected = csv({ header: true, select: ['id', 2], batch: true });
  for await (const { length, columns, validity } of text.pipeThrough(typed)) {
    type Columns = [
      Expect<Equal<typeof columns.id, ReturnType<(typeof BigInt64Array)['of']>>>,
      Expect<Equal<typeof columns.n, ReturnType<(typeof Int32Array)['of']>>>,
      Expect<Equal<typeof columns.amount, ReturnType<(typeof Float64Array)['of']>>>,
      Expect<Equal<typeof columns.open, BoolColumn>>,
      Expect<Equal<typeof columns.when, ReturnType<(typeof BigInt64Array)['of']>>>,
      Expect<Equal<typeof columns.city, DictionaryColumn>>,
      Expect<Equal<typeof columns.note, Utf8Column>>,
      Expect<Equal<typeof validity.id, ReturnType<(typeof Uint8Array)['of']> | null>>,
      Expect<Equal<typeof length, number>>,
      Expect<Equal<typeof typed.invalid, number>>,
      Expect<Equal<Chunk<typeof selected>, CsvObject[]>>,
    ];
    void (0 as unknown as Columns);
    // @ts-expect-error it was not asked for
    void columns.other;
  }
}

export function ofUnpacking(): void {
  const names: (string | undefined)[] = [];
  const stage = gunzip({ maxOutputBytes: 1e9, maxRatio: 100, onHeader: ({ name }) => names.push(name) });
  type Out = Expect<Equal<typeof stage.readable, ReadableStream<Bytes>>>;
  void (0 as unknown as Out);
  void [inflate({ trailing: 'ignore' }), inflateRaw({ maxRatio: 100 })];
  const found = decompress({ unknown: 'brotli', maxWindowBytes: 2 ** 22 });
  type Format = Expect<Equal<Awaited<typeof found.format>, 'gzip' | 'deflate' | 'zstd' | 'brotli' | null>>;
  void (0 as unknown as Format);
  void brotliDecompress({ maxWindowBytes: 2 ** 22, trailing: 'ignore' });
  // @ts-expect-error there is no such value
  decompress({ unknown: 'gzip' });
  // @ts-expect-error only gzip has headers
  inflate({ onHeader() {} });
}

export async function inPipelines(source: ReadableStream<Bytes>): Promise<void> {
  const readable = source.pipeThrough(gunzip()).pipeThrough(csv({ header: true }));
  for await (const row of readable) row.city?.toUpperCase();
  const count = await pipeline(
    new Response('x'),
    gunzip(),
    digest('sha-256'),
    csv({ batch: true }),
    async (batches) => {
      let rows = 0;
      for await (const batch of batches) rows += batch.length;
      return rows;
    },
  );
  type Count = Expect<Equal<typeof count, number>>;
  void (0 as unknown as Count);
}

export async function jsonAndText(text: ReadableStream<string>, orders: { id: number }[]): Promise<void> {
  const [value, typed, batches] = [ndjson(), ndjson<{ id: number }>(), ndjson<number>({ batch: true })];
  type Values = [
    Expect<Equal<Chunk<typeof value>, unknown>>,
    Expect<Equal<Chunk<typeof typed>, { id: number }>>,
    Expect<Equal<Chunk<typeof batches>, number[]>>,
    Expect<Equal<typeof value.skipped, number>>,
  ];
  void (0 as unknown as Values);
  const [item, items] = [json('$.a[*]'), json<{ id: number }>('$', { batch: 3 })];
  const [entry, entries] = [json<number>('$.*', { entries: true }), json(undefined, { entries: true, batch: true })];
  type Items = [
    Expect<Equal<Chunk<typeof item>, unknown>>,
    Expect<Equal<Chunk<typeof items>, { id: number }[]>>,
    Expect<Equal<Chunk<typeof entry>, JsonEntry<number>>>,
    Expect<Equal<Chunk<typeof entries>, JsonEntry[]>>,
  ];
  void (0 as unknown as Items);
  for await (const row of text.pipeThrough(csv({ header: true }))) row.city?.toUpperCase();
  await pipeline(text, ndjson<{ id: number }>(), csvStringify(), async (lines) => {
    for await (const line of lines) line.trim();
  });
  await pipeline(text, json('$.*', { entries: true }), jsonStringify({ entries: true }), async (parts) => {
    for await (const part of parts) part.trim();
  });
  await pipeline(orders, jsonStringify({ before: '{"orders":', after: '}' }), json('$.orders[*]'), async (all) => {
    for await (const order of all) void order;
  });
  await pipeline(orders, ndjsonStringify(), lines(), async (all) => {
    for await (const line of all) line.trim();
  });
}

export async function digests(source: ReadableStream<Bytes>): Promise<void> {
  const [one, several] = [digest('MD5'), digest(['SHA-256', 'crc32'])];
  const result = await pipeline(source, toDigest('blake3'));
  const results = await pipeline(source, toDigest(['sha-1', 'md5']));
  type Results = [
    Expect<Equal<typeof one.digest, Promise<Bytes>>>,
    Expect<Equal<typeof several.hex, Promise<{ readonly 'sha-256': string; readonly crc32: string }>>>,
    Expect<Equal<typeof result.hex, string>>,
    Expect<Equal<typeof results.digest, { readonly 'sha-1': Bytes; readonly md5: Bytes }>>,
  ];
  void (0 as unknown as Results);
  // @ts-expect-error it was not asked for
  void results.digest['sha-256'];
}

export function errors(error: unknown): string | undefined {
  const [stats]: StageStats[] = gunzip().stats();
  void stats;
  return error instanceof CodecError && error.code === 'crc-mismatch'
    ? `${error.codec} ${error.offset.toFixed()}`
    : undefined;
}

// @ts-expect-error there is no such algorithm
digest('md4');
// @ts-expect-error objects need a header
csv({ rows: 'objects' });
// @ts-expect-error there is no such type of column
csv({ header: true, columns: { id: 'int' } });
// @ts-expect-error null is neither less nor more
csv({ where: [{ column: 0, op: '<', value: null }] });
// @ts-expect-error columns are no rows
csv({ header: true, columns: { id: 'i64' }, rows: 'arrays' });
// @ts-expect-error there is no such option
lines({ maxLength: 3 });
// @ts-expect-error an invalid document has no lines that could be left out
json('$[*]', { invalid: 'skip' });
// @ts-expect-error invalid lines are errors or skipped
ndjson({ invalid: 'keep' });
// @ts-expect-error a field is no object
new ReadableStream<{ a: {} }>().pipeThrough(csvStringify());
