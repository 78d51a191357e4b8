/** What the encodings are compared by: js/codecs/encodings, and the module of all encodings, without the streams around it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../../../', import.meta.url);

async function encodingsSource() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('js/codecs/encodings.ts', root))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

/** js/codecs/encodings as the source of a module, and that module. */
export const source = await encodingsSource();
export const encodings = await import(`data:text/javascript;base64,${Buffer.from(source).toString('base64')}`);

/** The encodings, by the standard's names in lower case. */
export const NAMES = [
  'utf-8', 'ibm866', 'iso-8859-2', 'iso-8859-3', 'iso-8859-4', 'iso-8859-5', 'iso-8859-6', 'iso-8859-7', 'iso-8859-8', 'iso-8859-8-i', 'iso-8859-10',
  'iso-8859-13', 'iso-8859-14', 'iso-8859-15', 'iso-8859-16', 'koi8-r', 'koi8-u', 'macintosh', 'windows-874', 'windows-1250', 'windows-1251', 'windows-1252',
  'windows-1253', 'windows-1254', 'windows-1255', 'windows-1256', 'windows-1257', 'windows-1258', 'x-mac-cyrillic', 'gbk', 'gb18030', 'big5', 'euc-jp',
  'iso-2022-jp', 'shift_jis', 'euc-kr', 'utf-16be', 'utf-16le', 'x-user-defined',
]; // prettier-ignore

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const HAS_BATCH = 1;

/** A decoder by encoding_rs with the method of a `TextDecoder`. */
export function referenceDecoders() {
  const module = new WebAssembly.Module(readFileSync(new URL('build/encoding/encoding_bg.wasm', root)));
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => {};
  const exports = /** @type {any} */ (new WebAssembly.Instance(module, imports).exports);
  return (name) => {
    exports.codecs_add_decode_text(encodings.numberOf(name), 0);
    const id = exports.codecs_create();
    const words = () => new Uint32Array(exports.memory.buffer, exports.codecs_info(), 8);
    return {
      decode(bytes = new Uint8Array(), { stream = false } = {}) {
        let text = '';
        for (let from = 0, more = true; more;) {
          const room = exports.codecs_input(id, bytes.length - from);
          const taken = Math.min(room, bytes.length - from);
          new Uint8Array(exports.memory.buffer, words()[0], taken).set(bytes.subarray(from, from + taken));
          from += taken;
          const state = exports.codecs_run(id, taken, !stream && from === bytes.length);
          const length = exports.codecs_batch(id);
          text += utf8.decode(new Uint8Array(exports.memory.buffer, words()[0], length));
          more = state === HAS_BATCH || from < bytes.length;
        }
        if (!stream) exports.codecs_free(id);
        return text;
      },
    };
  };
}
