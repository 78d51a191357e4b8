/** Forms: what parts are, and what the writer takes. */
import { pipeline, toBytes, toFetch } from 'tidegate';
import { multipart, MultipartError, multipartParts } from 'tidegate/multipart';
import type { Bytes, Operator, ReadableStream } from 'tidegate';
import type { MultipartBody, MultipartErrorCode, MultipartPart } from 'tidegate/multipart';
import type { IncomingMessage } from 'node:http';
import type { Equal, Expect } from './expect.js';

export async function reads(request: Request, message: IncomingMessage): Promise<void> {
  for await (const part of multipartParts(request, { maxParts: 10, signal: new AbortController().signal })) {
    type Part = Expect<Equal<typeof part, MultipartPart>>;
    const text = await part.text();
    type Text = Expect<Equal<typeof text, string>>;
    const stream = part.stream();
    type Content = Expect<Equal<typeof stream, ReadableStream<Bytes>>>;
  }
  const parts = multipartParts(message);
  type Parts = Expect<Equal<typeof parts, ReadableStream<MultipartPart>>>;
  const stage = multipartParts({ boundary: 'tide', filter: ({ filename }) => filename !== undefined });
  type Stage = Expect<Equal<typeof stage, Operator<ArrayBuffer | ArrayBufferView, MultipartPart>>>;
}

export async function writes(form: FormData, stream: globalThis.ReadableStream<Uint8Array>): Promise<void> {
  const body = multipart([{ name: 'a', content: stream, size: 3, filename: 'a.csv', type: 'text/csv' }, { name: 'b' }]);
  type Body = Expect<Equal<typeof body, MultipartBody>>;
  await pipeline(body.readable, toFetch('/', { headers: { 'content-type': body.contentType } }));
  await pipeline(multipart(form, { boundary: 'tide' }).readable, toBytes);
  // @ts-expect-error: a part has a name
  multipart([{ content: 'a' }]);
}

export const code = (error: unknown): MultipartErrorCode | undefined =>
  error instanceof MultipartError ? error.code : undefined;
