/** Gives the codecs a second form, for hosts that refuse WebAssembly, as js/core/javascript does for the core. Compression as brotli has none. */
import asBase64 from '../../build/base64/base64_js.js';
import asBrotli from '../../build/brotli/brotli_js.js';
import asCsv from '../../build/csv/csv_js.js';
import asDeflate from '../../build/deflate/deflate_js.js';
import asDigest from '../../build/digest/digest_js.js';
import asInflate from '../../build/inflate/inflate_js.js';
import asText from '../../build/text/text_js.js';
import { base64 } from './families/base64.js';
import { brotli } from './families/brotli.js';
import asZstd from '../../build/zstd/zstd_js.js';
import asZstdCompress from '../../build/zstd-compress/zstd-compress_js.js';
import { csv } from './families/csv.js';
import { deflate } from './families/deflate.js';
import { digest } from './families/digest.js';
import { inflate } from './families/inflate.js';
import { text } from './families/text.js';
import { zstd } from './families/zstd.js';
import { zstdCompress } from './families/zstd-compress.js';

export function bringJavaScriptCodecs(): void {
  base64.module.asJavaScript = asBase64;
  brotli.module.asJavaScript = asBrotli;
  csv.module.asJavaScript = asCsv;
  deflate.module.asJavaScript = asDeflate;
  digest.module.asJavaScript = asDigest;
  inflate.module.asJavaScript = asInflate;
  text.module.asJavaScript = asText;
  zstd.module.asJavaScript = asZstd;
  zstdCompress.module.asJavaScript = asZstdCompress;
}
