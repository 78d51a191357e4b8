import { asset as base64Asset } from '../../build/base64/base64_bg.wasm';
import { asset as brotliAsset } from '../../build/brotli/brotli_bg.wasm';
import { asset as brotliCompressAsset } from '../../build/brotli_compress/brotli_compress_bg.wasm';
import { asset as csvAsset } from '../../build/csv/csv_bg.wasm';
import { asset as deflateAsset } from '../../build/deflate/deflate_bg.wasm';
import { asset as digestAsset } from '../../build/digest/digest_bg.wasm';
import { asset as encodingAsset } from '../../build/encoding/encoding_bg.wasm';
import { asset as inflateAsset } from '../../build/inflate/inflate_bg.wasm';
import { asset as textAsset } from '../../build/text/text_bg.wasm';
import { base64 } from '../codecs/families/base64.js';
import { brotli } from '../codecs/families/brotli.js';
import { brotliCompress } from '../codecs/families/brotli-compress.js';
import { asset as zstdAsset } from '../../build/zstd/zstd_bg.wasm';
import { asset as zstdCompressAsset } from '../../build/zstd-compress/zstd-compress_bg.wasm';
import { csv } from '../codecs/families/csv.js';
import { deflate } from '../codecs/families/deflate.js';
import { digest } from '../codecs/families/digest.js';
import { encoding } from '../codecs/families/encoding.js';
import { inflate } from '../codecs/families/inflate.js';
import { text } from '../codecs/families/text.js';
import { zstd } from '../codecs/families/zstd.js';
import { zstdCompress } from '../codecs/families/zstd-compress.js';
import { describe } from '../values/describe.js';
import { requireKnown } from '../values/require.js';
import { load, type WasmSource } from './load.js';

/** The families of codecs; each has a Wasm module of its own. */
export type CodecFamily =
  | 'base64'
  | 'brotli'
  | 'brotliCompress'
  | 'csv'
  | 'deflate'
  | 'digest'
  | 'encoding'
  | 'inflate'
  | 'text'
  | 'zstd'
  | 'zstd-compress';

/** Compression as brotli has no form in JavaScript: it fails when it runs. */
function noJavaScript(): never {
  throw new Error('tidegate: brotliCompress needs WebAssembly, which is refused here');
}

const LOADS: Record<CodecFamily, (from?: WasmSource) => Promise<void>> = {
  base64: (from?: WasmSource) =>
    load(base64.module, base64Asset, from, () => import('../../build/base64/base64_js.js')),
  brotli: (from?: WasmSource) =>
    load(brotli.module, brotliAsset, from, () => import('../../build/brotli/brotli_js.js')),
  brotliCompress: (from?: WasmSource) =>
    load(brotliCompress.module, brotliCompressAsset, from, () => Promise.resolve({ default: noJavaScript })),
  csv: (from?: WasmSource) => load(csv.module, csvAsset, from, () => import('../../build/csv/csv_js.js')),
  deflate: (from?: WasmSource) =>
    load(deflate.module, deflateAsset, from, () => import('../../build/deflate/deflate_js.js')),
  digest: (from?: WasmSource) =>
    load(digest.module, digestAsset, from, () => import('../../build/digest/digest_js.js')),
  encoding: (from?: WasmSource) =>
    load(encoding.module, encodingAsset, from, () => import('../../build/encoding/encoding_js.js')),
  inflate: (from?: WasmSource) =>
    load(inflate.module, inflateAsset, from, () => import('../../build/inflate/inflate_js.js')),
  text: (from?: WasmSource) => load(text.module, textAsset, from, () => import('../../build/text/text_js.js')),
  zstd: (from?: WasmSource) => load(zstd.module, zstdAsset, from, () => import('../../build/zstd/zstd_js.js')),
  'zstd-compress': (from?: WasmSource) =>
    load(zstdCompress.module, zstdCompressAsset, from, () => import('../../build/zstd-compress/zstd-compress_js.js')),
};

/** A source by itself, of which nobody could say whose it is, is none. */
const isPlain = (value: unknown) =>
  value !== null && typeof value === 'object' && Object.prototype.toString.call(value) === '[object Object]';

const NAMES = Object.keys(LOADS) as CodecFamily[];

/**
 * Loads codecs, as `init` of `tidegate/slim` loads the core. Await it before the first codec runs. Each family of codecs has
 * a module of its own: `inflate` (`gunzip`, `inflate`, `inflateRaw`, `DecompressionStream`), `deflate` (`gzip`, `deflate`,
 * `deflateRaw`, `CompressionStream`), `digest` (`digest`, `toDigest`), `base64` (`base64Encode`,
 * `base64Decode`, `hexEncode`, `hexDecode`), `csv` (`csv`), `text` (`lines` and `ndjson`),
 * `brotli` (`brotliDecompress`), `brotliCompress` and
 * `encoding` (`decodeText`, and the option `encoding`, where the engine does not decode an encoding as the standard says),
 * `zstd` (`zstdDecompress`) and `zstd-compress` (`zstdCompress`).
 *
 * @param families the families to load, each with `true` or with where its module comes from, which by default is beside
 *   the package's files. Default: all of them but `encoding`.
 * @throws {TypeError} if the argument is something else, or has a name that is no family's
 * @throws {Error} if a module cannot be fetched or compiled, or is another build's
 */
export async function initCodecs(
  families: { readonly [Name in CodecFamily]?: WasmSource | boolean | undefined } = {
    base64: true,
    brotli: true,
    brotliCompress: true,
    csv: true,
    deflate: true,
    digest: true,
    inflate: true,
    text: true,
    zstd: true,
    'zstd-compress': true,
  },
): Promise<void> {
  if (!isPlain(families))
    throw new TypeError(
      `initCodecs: the argument must be an object such as { inflate: url }, as each family has a module; got ${describe(families)}`,
    );
  requireKnown(families, 'initCodecs', NAMES);
  const wanted = NAMES.filter((name) => families[name]);
  await Promise.all(
    wanted.map((name) => {
      const from = families[name] as WasmSource | true;
      return LOADS[name](from === true ? undefined : from);
    }),
  );
}
