/**
 * Decompression and compression by the engine's own classes.
 *
 * 1. The standard has an engine refuse what follows the end of the data, a second gzip member too. An engine that does not (`isLax`) could lose it
 *    silently. There a second decoder gets all but the last byte: if that is enough for it, the last byte was beyond the end.
 * 2. An engine unpacks all of a chunk at once. So it gets small ones.
 */
import { CodecError } from '../error.js';
import { joined } from '../../runtime/text.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { CodecErrorCode } from '../error.js';
import type { Piece } from './records.js';

export type Format = 'gzip' | 'deflate' | 'deflate-raw';

/** What the engine's stream is used as. */
interface Engine {
  readonly readable: { getReader(): EngineReader };
  readonly writable: { getWriter(): EngineWriter };
}

interface EngineReader {
  read(): Promise<{ done: boolean; value?: Bytes }>;
  cancel(): Promise<void>;
}

interface EngineWriter {
  readonly closed: Promise<unknown>;
  write(chunk: Bytes): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** Bytes that the engine gets at a time. Deflate makes at most 1,032 of each. */
const PIECE = 2 ** 14;
/** The most bytes of a chunk. */
const CHUNK = 2 ** 16;
/** What `maxRatio` allows in addition. */
const ALLOWANCE = 2 ** 16;

const ignore = () => {};

/** Makes a stream of an engine's class. */
export type Open = (name: 'CompressionStream' | 'DecompressionStream', format: Format) => Engine;

/**
 * Makes a stream of the engine's class, as it is now: the page may have replaced it since the import.
 *
 * @param isOurs whether a stream is of this package, whose classes would come back to this place
 */
export const opener =
  (isOurs: (stream: object) => boolean): Open =>
  (name, format) => {
    const Class = (globalThis as unknown as Record<string, (new (format: Format) => Engine) | undefined>)[name];
    if (typeof Class !== 'function') throw new TypeError(`this engine has no ${name}`);
    const made = new Class(format);
    if (isOurs(made.readable)) throw new TypeError(`${name} has been replaced by one that is not the engine's`);
    return made;
  };

/** One run of an engine's stream. */
class Run {
  reader: EngineReader;
  writer: EngineWriter;
  /** Bytes that it has been given. */
  given = 0;
  /** It has taken all of its input. */
  isWritten = false;
  /** What the input failed with. */
  fault: { readonly error: unknown } | undefined;

  constructor(engine: Engine, closers: Set<() => void>) {
    this.reader = engine.readable.getReader();
    this.writer = engine.writable.getWriter();
    this.writer.closed.catch(ignore);
    closers.add(() => this.end());
  }

  end(): void {
    this.reader.cancel().catch(ignore);
    this.writer.abort().catch(ignore);
  }

  /** Writes all of the input, and calls `also` with each piece. */
  async feed(input: AsyncIterable<Piece>, also: (bytes: Bytes) => Promise<void> | undefined): Promise<void> {
    try {
      for await (const { bytes } of input)
        for (let at = 0; at < bytes.length; at += PIECE) {
          const piece = bytes.subarray(at, at + PIECE);
          this.given += piece.length;
          await also(piece);
          try {
            await this.writer.write(piece);
          } catch {
            return; // the reader fails with it
          }
        }
    } catch (error) {
      this.fault = { error };
      await this.writer.abort().catch(ignore);
      return;
    }
    this.isWritten = true;
    await this.writer.close().catch(ignore);
  }
}

/** A minimal stream of each format, as hexadecimal digits. */
const EMPTY: Record<Format, string> = {
  gzip: '1f8b08000000000000ff03000000000000000000',
  deflate: '789c030000000001',
  'deflate-raw': '0300',
};

const lax = new Map<Format, Promise<boolean>>();

/** Whether the engine says nothing of a zero byte behind the end. */
function isLax(open: Open, format: Format): Promise<boolean> {
  let found = lax.get(format);
  if (found === undefined) {
    const bytes = Uint8Array.from(`${EMPTY[format]}00`.match(/../g)!, (digits) => parseInt(digits, 16));
    found = endsWell(open('DecompressionStream', format), bytes);
    lax.set(format, found);
    found.catch(() => lax.delete(format));
  }
  return found;
}

async function endsWell(engine: Engine, bytes: Bytes): Promise<boolean> {
  const writer = engine.writable.getWriter();
  writer.closed.catch(ignore);
  writer.write(bytes).catch(ignore);
  writer.close().catch(ignore);
  return drained(engine.readable.getReader());
}

/** Reads to the end; whether there was no error. */
async function drained(reader: EngineReader): Promise<boolean> {
  try {
    while (!(await reader.read()).done);
    return true;
  } catch {
    return false;
  }
}

/** A decoder that gets all but the last byte, in a lax engine. */
class Twin {
  #run: Run;
  #held: Bytes = new Uint8Array(0);
  #outcome: Promise<boolean>;

  constructor(engine: Engine, closers: Set<() => void>) {
    this.#run = new Run(engine, closers);
    this.#outcome = drained(this.#run.reader);
  }

  async write(bytes: Bytes): Promise<void> {
    const all = joined(this.#held, bytes);
    this.#held = all.slice(-1);
    await this.#run.writer.write(all.slice(0, -1)).catch(ignore);
  }

  /** Whether it could do without the last byte. */
  async isWhole(): Promise<boolean> {
    await this.#run.writer.close().catch(ignore);
    return this.#outcome;
  }
}

/** Output in chunks that others have room for. */
function* cut(bytes: Bytes): Generator<Piece> {
  for (let at = 0; at < bytes.length; at += CHUNK)
    yield { bytes: bytes.length <= CHUNK ? bytes : bytes.slice(at, at + CHUNK) };
}

export interface Limits {
  readonly format: Format;
  /** What follows the end is dropped. */
  readonly ignoresTrailing: boolean;
  /** Infinity: none. */
  readonly maxOutputBytes: number;
  readonly maxRatio: number;
}

const codecError = (codec: string, code: CodecErrorCode, message: string, cause?: unknown) =>
  new CodecError(`${codec}: ${message}`, { codec, code, offset: NaN, cause });

/** @param needs makes the error of what the engine cannot do */
export async function* inflated(
  input: AsyncIterable<Piece>,
  codec: string,
  { format, ignoresTrailing, maxOutputBytes, maxRatio }: Limits,
  open: Open,
  closers: Set<() => void>,
  needs: (what: string) => Error,
): AsyncGenerator<Piece> {
  const isSilent = await isLax(open, format);
  if (ignoresTrailing && !isSilent) throw needs("trailing: 'ignore'");
  const run = new Run(open('DecompressionStream', format), closers);
  const twin = isSilent && !ignoresTrailing ? new Twin(open('DecompressionStream', format), closers) : undefined;
  const feeding = run.feed(input, (piece) => twin?.write(piece));
  let produced = 0;
  for (;;) {
    let value;
    try {
      const read = await run.reader.read();
      if (read.done) break;
      value = read.value!;
    } catch (cause) {
      // Not after what feeds it, which may wait for input for ever.
      throw run.fault !== undefined ? run.fault.error : refused(codec, format, run, cause);
    }
    produced += value.length;
    const byRatio = maxRatio * run.given + ALLOWANCE;
    const surplus = produced - Math.min(maxOutputBytes, byRatio);
    if (surplus > 0) value = value.subarray(0, Math.max(0, value.length - surplus));
    yield* cut(value);
    if (surplus > 0)
      throw maxOutputBytes <= byRatio
        ? codecError(codec, 'output-too-large', `more output than allowed: the output may have ${maxOutputBytes} bytes`)
        : codecError(
            codec,
            'ratio-too-high',
            `more output than allowed for this much input: a byte may unpack to ${maxRatio} bytes`,
          );
  }
  await feeding;
  if (run.fault !== undefined) throw run.fault.error;
  if (await twin?.isWhole()) throw codecError(codec, 'trailing-data', 'data after the end');
}

function refused(codec: string, format: Format, { isWritten }: Run, cause: unknown): CodecError {
  const { message: given, code } = cause as Error & { code?: unknown };
  const message = given.replace(/\.$/, '');
  // Node's tells of invalid data late.
  if (isWritten && code !== 'Z_DATA_ERROR')
    return codecError(codec, 'truncated', `input ends too early: ${message}`, cause);
  const hint =
    format === 'gzip'
      ? "; engines read one gzip member, several need 'wasm-unsafe-eval' in the page's policy or 'tidegate/js-codecs'"
      : '';
  return codecError(codec, 'corrupt-data', `corrupt data, or data after the end: ${message}${hint}`, cause);
}

/** The engine's header of gzip, which has no field. */
const HEADER = 10;

/** @param header takes the place of the engine's */
export async function* deflated(
  input: AsyncIterable<Piece>,
  engine: Engine,
  header: Bytes | undefined,
  closers: Set<() => void>,
): AsyncGenerator<Piece> {
  const run = new Run(engine, closers);
  const feeding = run.feed(input, () => undefined);
  let start: Bytes | undefined = header && new Uint8Array(0);
  for (;;) {
    let bytes;
    try {
      const read = await run.reader.read();
      if (read.done) break;
      bytes = read.value!;
    } catch (cause) {
      throw run.fault !== undefined ? run.fault.error : cause;
    }
    if (start !== undefined) {
      start = joined(start, bytes) as Bytes;
      if (start.length <= HEADER) continue;
      bytes = joined(header!, start.subarray(HEADER)) as Bytes;
      start = undefined;
    }
    yield* cut(bytes);
  }
  await feeding;
  if (run.fault !== undefined) throw run.fault.error;
}
