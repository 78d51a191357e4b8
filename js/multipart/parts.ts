/** `multipartParts()`: the parts of a multipart body, read forward. */
import { isAnyNodeReadable } from '../bridge/kinds.js';
import { compose } from '../pipeline/compose.js';
import { stage } from '../pipeline/functions.js';
import { streamOfNodeReadable } from '../pipeline/node-streams.js';
import { refusalOfSource } from '../pipeline/sources.js';
import { requireCallback, requireCount, requireKnown, requireOneOf, shown } from '../values/require.js';
import { Body } from '../entries/body.js';
import { forward, openBody, type Found } from '../entries/forward.js';
import { generated } from '../entries/generated.js';
import { quoted } from '../entries/quoted.js';
import { parseContentType, requireBoundary, type MultipartType } from './boundary.js';
import { Delimited, PartContent } from './delimiters.js';
import { fault } from './error.js';
import { readHeaders, type PartHeaders } from './headers.js';
import type { Bytes } from '../runtime/buffers.js';
import type { Operator } from '../streams/any.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { Input } from '../entries/input.js';

/** A part of a multipart body. */
export interface MultipartPart {
  /** The name of the form's field; '' if the part has none, which a form does not allow. */
  readonly name: string;
  /** The name of the file, as the sender wrote it: it may have slashes, and must not be used as a path. Undefined if the part is no file. */
  readonly filename: string | undefined;
  /** The media type. Default: `text/plain`, for a file `application/octet-stream`. */
  readonly type: string;
  /** All headers of the part, by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /**
   * The content, to be called once, before the next part is asked for. The next part comes when the stream has been read to its
   * end or was cancelled; without a call, the content is skipped.
   *
   * @throws {MultipartError} `part-passed` when the content has been skipped
   */
  stream(): ReadableStream<Bytes>;
  /**
   * The content as text, in UTF-8 unless its type names another charset; instead of `stream()`. Rejects with `part-too-large` if it has
   * more bytes than `maxFieldBytes`, with `unsupported` if the engine does not know the charset.
   */
  text(): Promise<string>;
}

/** The options of `multipartParts()`. */
export interface MultipartPartsOptions {
  /** The value of the header `Content-Type`, which has the boundary. Default: that of the request. */
  contentType?: string | undefined;
  /** The boundary of a form, in place of a content type. */
  boundary?: string | undefined;
  /** The most parts. One more fails with `too-many-parts`. Default: 1,000. */
  maxParts?: number | undefined;
  /** The most bytes of a part. One more fails its stream with `part-too-large`. Default: no bound, as nothing collects them. */
  maxPartBytes?: number | undefined;
  /** The most bytes of a part of which `text()` is asked. One more fails with `part-too-large`. Default: 1 MiB. */
  maxFieldBytes?: number | undefined;
  /** The most bytes of the headers of a part. More fail with `header-too-large`. Default: 16 KiB. */
  maxHeaderBytes?: number | undefined;
  /** The most bytes of the whole body. One more fails with `body-too-large`. Default: no bound. */
  maxBytes?: number | undefined;
  /** What to do with bytes after the last part: `error` fails with `trailing-data` (the default), `ignore` drops them. */
  trailing?: 'error' | 'ignore' | undefined;
  /** Called with each part. A part for which it returns false is skipped, and nobody gets it. A promise fails with a `TypeError`. Default: all are wanted. */
  filter?: ((part: MultipartPart) => boolean) | undefined;
  /** When aborted, fails the stream with its reason; where a message is passed. */
  signal?: AbortSignal | undefined;
}

/** A message with a multipart body: a `Request` or `Response`, or Node's `IncomingMessage`. */
export type MultipartMessage =
  | Request
  | Response
  | (AsyncIterable<ArrayBuffer | ArrayBufferView> & { readonly headers: { readonly [name: string]: unknown } });

const KNOWN = [
  'contentType',
  'boundary',
  'maxParts',
  'maxPartBytes',
  'maxFieldBytes',
  'maxHeaderBytes',
  'maxBytes',
  'trailing',
  'filter',
  'signal',
];

interface Limits {
  readonly maxParts: number;
  readonly maxPartBytes: number;
  readonly maxFieldBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxBytes: number;
  readonly ignoresTrailing: boolean;
}

/**
 * Reads the parts of a form, or of another multipart body, RFC 7578 (https://www.rfc-editor.org/rfc/rfc7578) and RFC 2046, 5.1
 * (https://www.rfc-editor.org/rfc/rfc2046#section-5.1). A body that ends early is an error. An error
 * or a `break` cancels the body; an `IncomingMessage` is left paused and is not destroyed, so that the server can answer.
 *
 * @param message a `Request`, a `Response`, or Node's `IncomingMessage`
 * @throws {TypeError | RangeError} if the content type is not multipart or has no boundary, the message has no body, or an option is invalid
 *
 * @example
 * for await (const part of multipartParts(request)) {
 *   if (part.filename === undefined) fields[part.name] = await part.text();
 *   else await pipeline(part.stream(), save);
 * }
 */
export function multipartParts(
  message: MultipartMessage,
  options?: MultipartPartsOptions,
): ReadableStream<MultipartPart>;
/** The same as a stage: bytes in, parts out. The options must have `contentType` or `boundary`. */
export function multipartParts(options: MultipartPartsOptions): Operator<ArrayBuffer | ArrayBufferView, MultipartPart>;
export function multipartParts(first: unknown, second: unknown = {}): unknown {
  const message = messageOf(first);
  const options = (message === undefined ? (first ?? {}) : second) as MultipartPartsOptions;
  requireKnown(options, 'multipartParts()', KNOWN);
  requireCallback(options.filter, 'multipartParts(): filter');
  const limits = limitsOf(options);
  const type = typeOf(options, message?.contentType);
  const parts = forward('multipartParts', options.filter, (input) => reading(counted(input, limits), type, limits));
  if (message === undefined) return compose(stage(parts));
  const refusal = refusalOfSource(first);
  if (refusal !== undefined) throw new TypeError(`multipartParts(): the message ${refusal}`);
  // The server still has to answer on its connection.
  return generated(
    isAnyNodeReadable(first) ? streamOfNodeReadable(first, { isKept: true }) : first,
    options.signal,
    parts,
  );
}

/** The content type of a message; undefined for what is none: options, in which nothing is called `headers`. */
function messageOf(value: unknown): { readonly contentType: unknown } | undefined {
  const { headers } = (value ?? {}) as { headers?: object };
  if (headers === null || typeof headers !== 'object') return undefined;
  const { get } = headers as { get?: unknown };
  const contentType = typeof get === 'function' ? (headers as Headers).get('content-type') : undefined;
  return { contentType: contentType ?? (headers as Record<string, unknown>)['content-type'] };
}

function limitsOf(options: MultipartPartsOptions): Limits {
  const bound = (name: keyof MultipartPartsOptions & `max${string}`, fallback: number): number => {
    const value = options[name] ?? fallback;
    requireCount(value, `multipartParts(): ${name}`, 0, true);
    return value;
  };
  const { trailing = 'error' } = options;
  requireOneOf(trailing, ['error', 'ignore'], 'multipartParts(): trailing');
  return {
    maxParts: bound('maxParts', 1000),
    maxPartBytes: bound('maxPartBytes', Infinity),
    maxFieldBytes: bound('maxFieldBytes', 2 ** 20),
    maxHeaderBytes: bound('maxHeaderBytes', 2 ** 14),
    maxBytes: bound('maxBytes', Infinity),
    ignoresTrailing: trailing === 'ignore',
  };
}

function typeOf({ contentType, boundary }: MultipartPartsOptions, ofMessage: unknown): MultipartType {
  if (boundary !== undefined) {
    if (contentType !== undefined)
      throw new TypeError('multipartParts(): contentType has the boundary; leave the option boundary out');
    return { boundary: requireBoundary(boundary, 'multipartParts(): boundary'), isForm: true };
  }
  if (contentType !== undefined) return parseContentType(contentType, 'multipartParts(): contentType');
  return parseContentType(ofMessage, "multipartParts(): the message's content type");
}

/** Fails once more than `maxBytes` have come. */
function counted(input: Input, { maxBytes }: Limits): Input {
  if (maxBytes !== Infinity) {
    input.limit(maxBytes, () =>
      fault('multipartParts', 'body-too-large', `the body has more than ${maxBytes} bytes (maxBytes)`),
    );
  }
  return input;
}

/** Reads the parts one by one. */
function reading(input: Input, { boundary, isForm }: MultipartType, limits: Limits) {
  const delimited = new Delimited(input, boundary);
  let count = -1;
  return async (): Promise<Found<MultipartPart> | undefined> => {
    if (count === -1) await delimited.begin();
    count += 1;
    if (delimited.isOver) {
      await delimited.end(limits.ignoresTrailing);
      return undefined;
    }
    const { offset } = input;
    if (count === limits.maxParts)
      throw fault('multipartParts', 'too-many-parts', `the body has more than ${count} parts (maxParts)`, { offset });
    const headers = await readHeaders(input, boundary, limits.maxHeaderBytes);
    const { name = '' } = headers;
    requireReadable(headers, isForm, offset);
    const isEmpty = !(await delimited.passBlankLine());
    const { maxPartBytes } = limits;
    const tooLarge = (most: number, option: string) =>
      fault('multipartParts', 'part-too-large', `the part ${quoted(name)} has more than ${most} bytes (${option})`, {
        part: name,
      });
    const body = new Body(
      new PartContent(delimited, isEmpty, maxPartBytes, () => tooLarge(maxPartBytes, 'maxPartBytes')),
    );
    return { entry: new Part(headers, body, limits.maxFieldBytes, tooLarge), body };
  };
}

/** What would make the content something else than it seems. */
function requireReadable({ name, all }: PartHeaders, isForm: boolean, offset: number): void {
  if (isForm && name === undefined)
    throw fault('multipartParts', 'invalid-header', 'a part of the form has no name in a Content-Disposition', {
      offset,
    });
  const encoding = all.get('content-transfer-encoding')?.toLowerCase();
  if (encoding !== undefined && !['7bit', '8bit', 'binary'].includes(encoding))
    throw fault(
      'multipartParts',
      'unsupported',
      `the part ${quoted(name ?? '')} is encoded as ${shown(encoding)}, which RFC 7578 does not allow in a form`,
      { part: name, offset },
    );
}

class Part implements MultipartPart {
  declare readonly name: string;
  declare readonly filename: string | undefined;
  declare readonly type: string;
  declare readonly headers: ReadonlyMap<string, string>;
  #body: Body;
  #most: number;
  #tooLarge: (most: number, option: string) => Error;

  constructor(
    headers: PartHeaders,
    body: Body,
    maxFieldBytes: number,
    tooLarge: (most: number, option: string) => Error,
  ) {
    this.name = headers.name ?? '';
    this.filename = headers.filename;
    this.type = headers.type ?? (headers.filename === undefined ? 'text/plain' : 'application/octet-stream');
    this.headers = headers.all;
    this.#body = body;
    this.#most = maxFieldBytes;
    this.#tooLarge = tooLarge;
  }

  stream(): ReadableStream<Bytes> {
    return openBody(this.#body, this.name, (_, what, { entry }) =>
      fault('multipartParts', 'part-passed', what, { part: entry }),
    );
  }

  async text(): Promise<string> {
    const decoder = this.#decoder();
    let text = '';
    let bytes = 0;
    for await (const chunk of this.stream()) {
      bytes += chunk.length;
      if (bytes > this.#most) throw this.#tooLarge(this.#most, 'maxFieldBytes');
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  }

  #decoder(): TextDecoder {
    const charset = /;\s*charset="?([^";\s]+)/i.exec(this.type)?.[1] ?? 'utf-8';
    try {
      return new TextDecoder(charset);
    } catch {
      throw fault(
        'multipartParts',
        'unsupported',
        `the charset ${shown(charset)} of ${quoted(this.name)} is not known here; use stream()`,
        {
          part: this.name,
        },
      );
    }
  }
}
