/**
 * Codecs where WebAssembly is refused: decompression and compression by the engine's classes, base64, hexadecimal digits, lines, lines of JSON,
 * items of a JSON document and rows of csv in JavaScript. The others fail with the directive that is missing.
 *
 * 1. A stage is an asynchronous generator over the one before it. Nobody asks the last one for more than the pair of streams wants.
 * 2. A stage is told apart by the calls that add it to a chain in Wasm, as those in a worker are.
 */
import {
  AUTO_DELIMITER,
  CR_ENDS_ROW,
  DEFAULT_LEVEL,
  FATAL,
  IGNORE_BOM,
  KEEP_EMPTY_LINES,
  JSON_ENTRIES,
  JSON_MISSING_IS_ERROR,
  KEEP_RAGGED,
} from '../flags.js';
import { pathFrom } from '../json-path.js';
import { remoteCodec } from '../worker/record.js';
import { FINISHED, HAS_BATCH, NEED_INPUT, produced, WAITING, zeroStats } from '../segment.js';
import { base64Encoded, Base64Reader, hexEncoded, HexReader } from './ascii.js';
import { AutoCsv } from './csv-auto.js';
import { CsvParser } from './csv.js';
import { deflated, inflated, opener } from './engine.js';
import { JsonParser } from './json.js';
import { LinesParser } from './lines.js';
import { Records } from './records.js';
import { Utf8 } from './utf8.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { ChainLike } from '../chain.js';
import type { Codec } from '../module.js';
import type { GzipHeader, Parts, Produced, ProducedColumns, RunResult, StageStats } from '../segment.js';
import type { Format, Open } from './engine.js';
import type { Parser, Piece } from './records.js';

/** Bytes of a chunk that are taken at a time. */
const PIECE = 2 ** 16;
const NOTHING = new Uint8Array(0);

type Stage = (input: AsyncIterable<Piece>) => AsyncIterable<Piece>;
/** Makes the error of what needs WebAssembly. */
type Needs = (what: string) => Error;

/** What the makers of stages are given. */
interface Making {
  readonly codec: Codec & { readonly flushesEach?: boolean };
  readonly needs: Needs;
  readonly open: Open;
  /** Called when the chain is freed. */
  readonly closers: Set<() => void>;
  /** The name and the comment of a gzip header, byte by byte. */
  readonly header: readonly [name: number[], comment: number[]];
  /** The path of a json, as it is written. */
  readonly path: number[];
  readonly chooses: (delimiter: () => number) => void;
}

/** Reads text with a parser that writes to `records`, or that the first rows choose. */
async function* parsed(
  input: AsyncIterable<Piece>,
  utf8: Utf8,
  by: Parser | AutoCsv,
  records: Records,
): AsyncGenerator<Parts> {
  let parser = by instanceof AutoCsv ? undefined : by;
  /** Reads the sample once it decides; returns what follows it, or undefined before that. */
  const begin = (auto: AutoCsv, bytes: Bytes, last: boolean): Bytes | undefined => {
    const taken = auto.take(bytes);
    const isWhole = last && taken === bytes.length;
    if (!isWhole && !auto.isLargeEnough) return undefined;
    parser = auto.choose(isWhole, records);
    for (const [text, offset] of utf8.next(auto.sample, false)) parser.push(text, offset);
    return bytes.subarray(taken);
  };
  /** What is complete comes before what is wrong. */
  function* read(bytes: Bytes, last: boolean): Generator<Parts> {
    try {
      const rest = parser === undefined ? begin(by as AutoCsv, bytes, last) : bytes;
      if (rest === undefined) return;
      for (const [text, offset] of utf8.next(rest, last)) parser!.push(text, offset);
      if (last) parser!.finish(utf8.offset);
    } finally {
      const parts = records.take();
      if (parts !== undefined) yield parts;
    }
  }
  for await (const { bytes } of input) yield* read(bytes, false);
  yield* read(NOTHING, true);
}

/** @param ignores whether what follows the end is dropped, as a flag */
function inflates(
  format: Format,
  { codec, needs, open, closers }: Making,
  ignores: number,
  bytes: number,
  ratio: number,
): Stage {
  const limits = {
    format,
    ignoresTrailing: Boolean(ignores),
    maxOutputBytes: bytes < 0 ? Infinity : bytes,
    maxRatio: ratio === 0 ? Infinity : ratio,
  };
  return (input) => inflated(input, codec.name, limits, open, closers, needs);
}

/** Makes stages of the exports' arguments. */
const MAKERS: Record<string, (making: Making, ...args: number[]) => Stage | undefined> = {
  codecs_add_header_byte({ header }, isComment, byte) {
    header[Number(isComment) as 0 | 1].push(byte!);
    return undefined;
  },

  codecs_add_gunzip(making, ignores, bytes, ratio, tag) {
    if (tag !== 0) throw making.needs('onHeader');
    return inflates('gzip', making, ignores!, bytes!, ratio!);
  },

  codecs_add_inflate(making, raw, ignores, bytes, ratio) {
    return inflates(raw ? 'deflate-raw' : 'deflate', making, ignores!, bytes!, ratio!);
  },

  codecs_add_deflate({ codec, needs, open, closers, header: [name, comment] }, number, level, mtime, os) {
    if (level !== DEFAULT_LEVEL) throw needs(`level: ${level}`);
    if (codec.flushesEach) throw needs('flushEach');
    const format = (['gzip', 'deflate', 'deflate-raw'] as const)[number!]!;
    const header = Uint8Array.of(
      0x1f,
      0x8b,
      8,
      (name.length > 0 ? 8 : 0) | (comment.length > 0 ? 16 : 0),
      mtime!,
      mtime! >>> 8,
      mtime! >>> 16,
      mtime! >>> 24,
      0,
      os!,
      ...[name, comment].flatMap((text) => (text.length > 0 ? [...text, 0] : [])),
    );
    return (input) =>
      deflated(input, open('CompressionStream', format), format === 'gzip' ? header : undefined, closers);
  },

  codecs_add_base64_encode(making, url, padding, lineLength, lf) {
    const shape = { url: Boolean(url), padding: Boolean(padding), lineLength: lineLength!, lf: Boolean(lf) };
    return (input) => base64Encoded(input, shape);
  },

  codecs_add_base64_decode(making, url, loose, skips) {
    return (input) => new Base64Reader(Boolean(url), Boolean(loose), Boolean(skips)).read(input);
  },

  codecs_add_hex_encode(making, upperCase) {
    return (input) => hexEncoded(input, Boolean(upperCase));
  },

  codecs_add_hex_decode(making, skips) {
    return (input) => new HexReader(Boolean(skips)).read(input);
  },

  codecs_add_lines({ codec }, maxBytes, flags) {
    const records = new Records(false);
    const utf8 = new Utf8(codec.name, (flags! & FATAL) !== 0, (flags! & IGNORE_BOM) !== 0);
    return (input) => parsed(input, utf8, new LinesParser(codec.name, records, maxBytes!, false), records);
  },

  codecs_add_ndjson({ codec }, maxBytes) {
    const records = new Records(false);
    const utf8 = new Utf8(codec.name, true, true);
    return (input) => parsed(input, utf8, new LinesParser(codec.name, records, maxBytes!, true), records);
  },

  codecs_add_json_path_byte({ path }, byte) {
    path.push(byte!);
    return undefined;
  },

  codecs_add_json({ codec, path }, maxBytes, maxDepth, flags) {
    const hasRows = (flags! & JSON_ENTRIES) !== 0;
    const records = new Records(hasRows);
    const missingIsError = (flags! & JSON_MISSING_IS_ERROR) !== 0;
    const parser = new JsonParser(records, pathFrom(path), maxBytes!, maxDepth!, hasRows, missingIsError);
    return (input) => parsed(input, new Utf8(codec.name, true, false), parser, records);
  },

  codecs_add_csv({ codec, chooses }, low, high, quote, escape, comment, skipLines, width, maxBytes, flags) {
    const words = Uint8Array.of(
      low!,
      low! >>> 8,
      low! >>> 16,
      low! >>> 24,
      high!,
      high! >>> 8,
      high! >>> 16,
      high! >>> 24,
    );
    const end = words.indexOf(0);
    const has = (flag: number) => (flags! & flag) !== 0;
    const dialect = {
      // A NUL is the delimiter where it is the only byte.
      delimiter: words.subarray(0, Math.max(1, end === -1 ? 8 : end)),
      quote: quote!,
      escape: escape!,
      comment: comment!,
      skipLines: skipLines!,
      width: width!,
      keepsRagged: has(KEEP_RAGGED),
      keepsEmptyLines: has(KEEP_EMPTY_LINES),
      returnEndsRow: has(CR_ENDS_ROW),
      maxBytes: maxBytes!,
    };
    const records = new Records(true);
    const utf8 = new Utf8(codec.name, has(FATAL), has(IGNORE_BOM));
    let parser: Parser | AutoCsv;
    if (has(AUTO_DELIMITER)) {
      const auto = new AutoCsv(dialect, { codec: codec.name, keepsMark: has(IGNORE_BOM) });
      chooses(() => auto.delimiter);
      parser = auto;
    } else {
      parser = new CsvParser(dialect, records);
    }
    return (input) => parsed(input, utf8, parser, records);
  },
};

/** Counts what a stage is given and gives. */
interface Figures {
  bytesIn: number;
  bytesOut: number;
}

async function* counted(input: AsyncIterable<Piece>, figures: Figures, key: keyof Figures): AsyncGenerator<Piece> {
  for await (const piece of input) {
    figures[key] += piece.bytes.length;
    yield piece;
  }
}

/** What waits for input when the chain is freed fails with this. */
const FREED = {};

export class PlainChain implements ChainLike {
  #wake: () => void;
  #output: AsyncIterator<Piece>;
  #figures: Figures[] = [];
  #closers = new Set<() => void>();
  #needs!: Needs;
  #delimiter = () => 0;
  #input: Bytes | undefined;
  #isLast = false;
  #isFreed = false;
  /** Ends the first stage's waiting for input. */
  #feed: (() => void) | undefined;
  #isAsked = false;
  /** What the last stage has given, and what has been handed on of that. */
  #batch: Piece | undefined;
  #current: Piece | undefined;
  #end: { readonly failure?: { readonly error: unknown } } | undefined;

  /**
   * @param wake called when `run`, which has answered `WAITING`, has more to say
   * @param refusal what the modules were refused with
   * @param isOurs whether a stream is of this package
   * @throws {Error} when a codec, or one of its options, needs WebAssembly
   */
  constructor(
    codecs: readonly Making['codec'][],
    wake: () => void,
    refusal: unknown,
    isOurs: (stream: object) => boolean,
  ) {
    this.#wake = wake;
    const open = opener(isOurs);
    let pieces: AsyncIterable<Piece> = this.#source();
    for (const codec of codecs) {
      const figures = { bytesIn: 0, bytesOut: 0 };
      this.#figures.push(figures);
      const stage = this.#stage(codec, open, (refusal as Error).cause);
      pieces = counted(stage(counted(pieces, figures, 'bytesIn')), figures, 'bytesOut');
    }
    this.#output = pieces[Symbol.asyncIterator]();
  }

  #stage(codec: Making['codec'], open: Open, cause: unknown): Stage {
    const header: [number[], number[]] = [[], []];
    const { message } = codec.family.module.refusal(cause);
    const needs = (what: string) => new Error(`${codec.name}: ${what} needs WebAssembly. ${message}`, { cause });
    // Only these have a flush().
    if (codec.family.name === 'deflate') this.#needs = needs;
    const making: Making = {
      codec,
      needs,
      open: (name, format) => {
        try {
          return open(name, format);
        } catch (error) {
          throw new Error(`${codec.name}: ${(error as Error).message}. ${message}`, { cause: error });
        }
      },
      closers: this.#closers,
      header,
      path: [],
      chooses: (delimiter) => (this.#delimiter = delimiter),
    };
    for (const call of remoteCodec(codec).calls) {
      if (!('name' in call)) throw needs('columns, select or where');
      const stage = MAKERS[call.name]?.(making, ...(call.args as number[]));
      if (stage !== undefined) return stage;
    }
    throw codec.family.module.refusal(cause);
  }

  async *#source(): AsyncGenerator<Piece> {
    for (;;) {
      if (this.#isFreed) throw FREED;
      const bytes = this.#input;
      this.#input = undefined;
      if (bytes !== undefined) yield { bytes };
      else if (this.#isLast) return;
      else {
        const fed = new Promise<void>((resolve) => (this.#feed = resolve));
        this.#wake();
        await fed;
      }
    }
  }

  run(chunk: Bytes | undefined, offset: number, last: boolean, result: RunResult): void {
    this.#current = undefined;
    result.taken = 0;
    if (chunk !== undefined && this.#input === undefined && this.#end === undefined) {
      this.#input = chunk.slice(offset, offset + PIECE);
      result.taken = this.#input.length;
    }
    if (last && (chunk === undefined || offset + result.taken === chunk.length)) this.#isLast = true;
    if (this.#input !== undefined || this.#isLast) this.#goOn();
    if (this.#batch !== undefined) {
      this.#current = this.#batch;
      this.#batch = undefined;
      result.state = HAS_BATCH;
    } else if (this.#end !== undefined) {
      if (this.#end.failure !== undefined) throw this.#end.failure.error;
      result.state = FINISHED;
    } else {
      this.#ask();
      result.state = this.#feed === undefined ? WAITING : NEED_INPUT;
    }
  }

  #goOn(): void {
    const feed = this.#feed;
    this.#feed = undefined;
    feed?.();
  }

  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#output.next().then(
      ({ done, value }: IteratorResult<Piece>) => {
        this.#isAsked = false;
        if (done) this.#end = {};
        else this.#batch = value;
        this.#wake();
      },
      (error: unknown) => {
        this.#end = { failure: { error } };
        this.#wake();
      },
    );
  }

  flush(): void {
    throw this.#needs('flush()');
  }

  takeBytes(): Bytes {
    return this.#current?.bytes ?? NOTHING;
  }

  takeText(): Produced | undefined {
    return this.#current && produced(this.#current as Parts);
  }

  takeChosen(): undefined {}

  takeColumns(): ProducedColumns {
    return { length: 0, columns: undefined, invalid: 0 };
  }

  takeHeaders(): [tag: number, header: GzipHeader][] {
    return [];
  }

  delimiter(): number {
    return this.#delimiter();
  }

  digest(): Bytes {
    return NOTHING;
  }

  stats(stage: number, name: string): StageStats {
    return { ...zeroStats(name), ...this.#figures[stage] };
  }

  free(): void {
    this.#isFreed = true;
    this.#goOn();
    for (const close of this.#closers) close();
  }
}
