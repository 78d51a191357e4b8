/** A whole source in memory, up to a limit. */
import { refuseDetached } from '../runtime/buffers.js';
import { TextPieces, utf8 } from '../runtime/text.js';
import { unshared } from '../runtime/buffers.js';
import { conduct } from '../pipeline/pipeline.js';
import { describe } from '../values/describe.js';
import { isBytes } from '../bridge/kinds.js';

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_CHUNKS = 1_000_000;

/**
 * @param {string} name of the function that was called
 * @param {any} options
 * @param {(chunk: any) => number} add keeps a chunk and answers its size
 */
async function collect(name, source, options, most, unit, add) {
  const { limit = most, signal, yieldAfter } = options ?? {};
  if (!(limit >= 0))
    throw new RangeError(`${name}(): limit must be a number that is not negative; got ${describe(limit)}`);
  let size = 0;
  await conduct(name, [
    source,
    async (chunks) => {
      for await (const chunk of chunks) {
        size += add(chunk);
        if (size > limit) {
          throw new RangeError(
            `${name}(): more than ${limit} ${unit} came; raise limit if there is memory for them, or use a pipeline, which keeps none`,
          );
        }
      }
    },
    { signal, yieldAfter },
  ]);
}

/** Every chunk of `source`. See pipelines.d.ts. */
export async function toArray(source, options) {
  const chunks = [];
  await collect('toArray', source, options, MOST_CHUNKS, 'chunks', (chunk) => {
    chunks.push(chunk);
    return 1;
  });
  return chunks;
}

/** The chunks, which are bytes and strings; a pair of surrogates lies in one of them, and none is empty. */
async function parts(name, source, options) {
  const kept = [];
  const text = new TextPieces();
  const keep = (part) => void (part !== '' && kept.push(part));
  await collect(name, source, options, MOST_BYTES, 'bytes', (chunk) => {
    if (typeof chunk !== 'string' && !isBytes(chunk))
      throw new TypeError(`${name}(): chunks must be bytes or strings; got ${describe(chunk)}`);
    if (typeof chunk === 'string') {
      keep(text.take(chunk));
      return chunk.length;
    }
    refuseDetached(chunk, `${name}(): the chunk`);
    if (chunk.byteLength > 0) {
      keep(text.rest());
      keep(unshared(chunk, 1 / 2)); // what is kept holds no more memory than it counts
    }
    return chunk.byteLength;
  });
  keep(text.rest());
  return kept;
}

const viewOf = (part) =>
  part instanceof ArrayBuffer ? new Uint8Array(part) : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);

/** The bytes of `source`; strings as UTF-8. */
export async function toBytes(source, options) {
  const views = (await parts('toBytes', source, options)).map((part) =>
    typeof part === 'string' ? utf8(part) : viewOf(part),
  );
  const whole = new Uint8Array(views.reduce((size, view) => size + view.length, 0));
  let at = 0;
  for (const view of views) {
    whole.set(view, at);
    at += view.length;
  }
  return whole;
}

async function text(name, source, options) {
  const decoder = new TextDecoder('utf-8', { fatal: options?.fatal === true });
  let whole = '';
  for (const part of await parts(name, source, options)) {
    if (typeof part === 'string') whole += decoder.decode() + part;
    else whole += decoder.decode(viewOf(part), { stream: true });
  }
  return whole + decoder.decode();
}

/** The text of `source`: strings, and bytes as UTF-8 wherever they are cut. */
export const toText = (source, options) => text('toText', source, options);

/** What the text of `source` is as JSON. */
export const toJSON = async (source, options) => JSON.parse(await text('toJSON', source, options));

/** A Blob of the bytes and strings of `source`, of the type `options.type`. */
export const toBlob = async (source, options) =>
  new Blob(await parts('toBlob', source, options), { type: options?.type ?? '' });
