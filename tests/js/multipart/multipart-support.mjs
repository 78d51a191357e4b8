/** What the tests of multipart bodies have in common. */
import { pipeline, toBytes } from 'tidegate';
import { multipartParts } from 'tidegate/multipart';

export const BOUNDARY = 'tide';

/** A body of parts, each with its headers and its content. */
export const bodyOf = (...parts) =>
  Buffer.concat([
    ...parts.map(([headers, content]) =>
      Buffer.concat([
        Buffer.from(`--${BOUNDARY}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`),
        Buffer.from(content),
        Buffer.from('\r\n'),
      ]),
    ),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);

export const field = (name, more = '') => `Content-Disposition: form-data; name="${name}"${more}`;

/** The parts that are read of chunks, each with its content. */
export async function read(chunks, options = { boundary: BOUNDARY }) {
  const list = [];
  await pipeline(chunks, multipartParts(options), async (parts) => {
    for await (const part of parts) list.push({ part, content: Buffer.from(await toBytes(part.stream())) });
  });
  return list;
}

/** The names and texts that are read. */
export const textsOf = async (chunks, options) =>
  (await read(chunks, options)).map(({ part, content }) => [part.name, content.toString('latin1')]);
