/** `multipart()`: the body of a form whose contents are streams, in the order in which they are given. */
import { isBlob, isIterable, isReadableStreamLike } from '../bridge/kinds.js';
import { refusalOfSource } from '../pipeline/sources.js';
import { describe } from '../values/describe.js';
import { requireKnown, shown } from '../values/require.js';
import { utf8 } from '../runtime/text.js';
import { inMemory, openContent, type OpenContent } from '../entries/contents.js';
import { generated } from '../entries/generated.js';
import { Pieces } from '../entries/pieces.js';
import { Unread } from '../entries/unread.js';
import { quoted } from '../entries/quoted.js';
import { randomBoundary, requireBoundary } from './boundary.js';
import { fault } from './error.js';
import { percentEncoded } from './fields.js';
import type { PipelineSource } from '../pipeline/accepted.js';
import type { Bytes } from '../runtime/buffers.js';
import type { AnyReadable } from '../streams/any.js';
import type { BytesOrText } from '../sinks/bytes.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/**
 * The content of a part: a string, which is written as UTF-8, bytes, or anything that a pipeline may start with: a stream, a
 * `Blob`, a `Response`, an iterable of bytes and strings, or a function that returns one of these. The function is called when
 * it is the part's turn.
 */
export type MultipartContent = BytesOrText | PipelineSource<BytesOrText>;

/** A part that `multipart()` writes. */
export interface MultipartPartInput {
  /** The name of the form's field. */
  readonly name: string;
  /** Default: nothing. */
  readonly content?: MultipartContent | undefined;
  /** The name of the file. Default: that of a `File`, `blob` for another `Blob`; else none, so that the part is a field of text. */
  readonly filename?: string | undefined;
  /** The media type. Default: that of a `Blob`, for another file `application/octet-stream`; else none. */
  readonly type?: string | undefined;
  /** The bytes of the content, if it is a stream. One that gives more or fewer fails with `size-mismatch`. Default: not known. */
  readonly size?: number | undefined;
}

/** The parts of a form: a `FormData`, or parts in an iterable or a stream. */
export type MultipartParts =
  FormData | Iterable<MultipartPartInput> | AsyncIterable<MultipartPartInput> | AnyReadable<MultipartPartInput>;

/** The options of `multipart()`. */
export interface MultipartOptions {
  /** 1 to 70 characters that no content has behind `--` at the start of a line. Default: one that nobody can guess. */
  boundary?: string | undefined;
  /** When aborted, fails the stream with its reason. */
  signal?: AbortSignal | undefined;
}

/** The body of a form. */
export interface MultipartBody {
  /** The bytes, to be read once. */
  readonly readable: ReadableStream<Bytes>;
  /** The value of the header `Content-Type`, with the boundary. */
  readonly contentType: string;
  /** The bytes of the whole body, if the parts are a `FormData` or an array and each content has a size; else undefined. */
  readonly size: number | undefined;
}

/**
 * Writes a form, RFC 7578 (https://www.rfc-editor.org/rfc/rfc7578), as browsers do
 * (https://html.spec.whatwg.org/#multipart-form-data). A content is read when the reader of the body wants its bytes.
 *
 * @throws {TypeError | RangeError} if an argument is invalid, or a part of a `FormData` or an array is; another invalid part fails the stream
 * @throws {MultipartError} `size-mismatch` if a part of an array has a `size` that is not that of its string, bytes or `Blob`
 *
 * @example
 * const form = multipart([{ name: 'title', content: 'Tides' }, { name: 'log', filename: 'log.gz', content: stream }]);
 * await pipeline(form.readable, toFetch('/upload', { headers: { 'content-type': form.contentType } }));
 */
export function multipart(parts: MultipartParts, options: MultipartOptions = {}): MultipartBody {
  requireKnown(options, 'multipart()', ['boundary', 'signal']);
  const boundary =
    options.boundary === undefined ? randomBoundary() : requireBoundary(options.boundary, 'multipart(): boundary');
  const list = listOf(parts);
  const known = list?.map((part, number) => check(part, number + 1));
  const sizes = known?.map((part) => headersOf(part, boundary).length + (part.size ?? NaN) + LINE_END.length);
  const size = sizes?.reduce((sum, each) => sum + each, endOf(boundary).length);
  const unread = new Unread((known ?? []).map(({ content }) => content));
  let number = 0;
  // Those of a list are checked once: whatever becomes of the objects, the body has the size that was said.
  const checked = (part: unknown) => (known === undefined ? check(part, (number += 1)) : (part as Checked));
  const write = (inputs: AsyncIterable<unknown>, { signal }: { signal: AbortSignal }) =>
    written(inputs, checked, unread, boundary, signal);
  return {
    readable: generated(known ?? parts, options.signal, write, (reason) => unread.cancel(reason)),
    // RFC 2045, 5.1: what is no token must be quoted.
    contentType: `multipart/form-data; boundary=${/[^\w.'+-]/.test(boundary) ? `"${boundary}"` : boundary}`,
    size: Number.isNaN(size) ? undefined : size,
  };
}

/** The parts, if they are all there; undefined if they come one by one. */
function listOf(parts: unknown): unknown[] | undefined {
  if (Array.isArray(parts)) return [...(parts as unknown[])];
  if (Object.prototype.toString.call(parts) === '[object FormData]') return [...(parts as FormData)].map(ofFormData);
  const refusal =
    isReadableStreamLike(parts) || isIterable(parts)
      ? refusalOfSource(parts)
      : `must be a FormData, or parts in an iterable or a stream; got ${describe(parts)}`;
  if (refusal !== undefined) throw new TypeError(`multipart(): the first argument ${refusal}`);
  return undefined;
}

/** The ends of lines of text, as the HTML Standard sends them. */
const withLineEnds = (text: string) => text.replace(/\r\n?|\n/g, '\r\n');

const ofFormData = ([name, value]: [string, FormDataEntryValue]): MultipartPartInput => ({
  name: withLineEnds(name),
  content: typeof value === 'string' ? withLineEnds(value) : value,
});

/** A part, checked. */
interface Checked {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string | undefined;
  readonly size: number | undefined;
  readonly content: unknown;
  /** All of the content, if it is in memory. */
  readonly bytes: Uint8Array | undefined;
}

function check(part: unknown, number: number): Checked {
  const what = `multipart(): part ${number}`;
  if (part === null || typeof part !== 'object')
    throw new TypeError(`${what} must be an object with a name; got ${describe(part)}`);
  requireKnown(part, what, ['name', 'content', 'filename', 'type', 'size']);
  const { name, content, size, filename, type } = part as MultipartPartInput;
  if (typeof name !== 'string') throw new TypeError(`${what}: name must be a string; got ${shown(name)}`);
  const place = `${what} (${quoted(name)})`;
  if (filename !== undefined && typeof filename !== 'string')
    throw new TypeError(`${place}: filename must be a string; got ${shown(filename)}`);
  if (type !== undefined && (typeof type !== 'string' || /[^\t\x20-\x7e]/.test(type)))
    throw new TypeError(`${place}: type must be a media type such as 'text/csv'; got ${shown(type)}`);
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0))
    throw new RangeError(`${place}: size must be a whole number of at least 0; got ${shown(size)}`);
  const bytes = inMemory(content, `${place}: content`);
  const ofBlob = isBlob(content) ? content : undefined;
  const file = filename ?? (ofBlob === undefined ? undefined : ((ofBlob as Partial<File>).name ?? 'blob'));
  for (const [key, text] of Object.entries({ name, filename: file }))
    if (text?.includes('\0')) throw new TypeError(`${place}: ${key} must not contain NUL, which no reader accepts`);
  const whole = bytes?.length ?? ofBlob?.size;
  if (size !== undefined && whole !== undefined && size !== whole) throw mismatch(name, size, whole);
  return {
    name,
    filename: file,
    type: type ?? (ofBlob?.type || (file === undefined ? undefined : 'application/octet-stream')),
    size: size ?? whole,
    content,
    bytes,
  };
}

const LINE_END = utf8('\r\n');

function headersOf({ name, filename, type }: Checked, boundary: string): Uint8Array {
  const file = filename === undefined ? '' : `; filename="${percentEncoded(filename)}"`;
  const media = type === undefined ? '' : `Content-Type: ${type}\r\n`;
  return utf8(`--${boundary}\r\nContent-Disposition: form-data; name="${percentEncoded(name)}"${file}\r\n${media}\r\n`);
}

const endOf = (boundary: string) => utf8(`--${boundary}--\r\n`);

const mismatch = (name: string, size: number, length: number): Error =>
  fault(
    'multipart',
    'size-mismatch',
    `the content of ${quoted(name)} has ${length > size ? 'more' : `${length} bytes, fewer`} than its size of ${size} bytes`,
    { part: name },
  );

async function* written(
  parts: AsyncIterable<unknown>,
  checked: (part: unknown) => Checked,
  unread: Unread,
  boundary: string,
  signal: AbortSignal,
): AsyncGenerator<Bytes> {
  const pieces = new Pieces();
  let content: OpenContent | undefined;
  const onAbort = () => content?.cancel(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const input of parts) {
      signal.throwIfAborted();
      unread.begin();
      const part = checked(input);
      const { name, size, bytes } = part;
      pieces.add(headersOf(part, boundary));
      if (bytes !== undefined) {
        for (let at = 0; at < bytes.length; at += 2 ** 16) {
          pieces.add(bytes.subarray(at, at + 2 ** 16));
          for (let piece; (piece = pieces.take()) !== undefined;) yield piece;
        }
        // Its buffer may have been detached since.
        if (bytes.length !== size) throw mismatch(name, size!, bytes.length);
      } else {
        content = await openContent(part.content, `multipart(): the content of ${quoted(name)}`, signal);
        if (signal.aborted) onAbort();
        let length = 0;
        for (let chunk; (chunk = await content.read()) !== undefined;) {
          signal.throwIfAborted();
          length += chunk.length;
          if (size !== undefined && length > size) throw mismatch(name, size, length);
          pieces.add(chunk, true);
          for (let piece; (piece = pieces.take()) !== undefined;) yield piece;
        }
        if (size !== undefined && length < size) throw mismatch(name, size, length);
        content = undefined;
      }
      pieces.add(LINE_END);
    }
    pieces.add(endOf(boundary));
    pieces.flush();
    for (let piece; (piece = pieces.take()) !== undefined;) yield piece;
  } catch (error) {
    content?.cancel(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    content?.cancel(signal.reason);
  }
}
