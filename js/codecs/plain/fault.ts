/** The errors of codecs in JavaScript, which are those of the codecs in Rust (src/codec/error.rs). */
import { CodecError } from '../error.js';
import type { CodecErrorCode } from '../error.js';

const WHAT: { readonly [Code in CodecErrorCode]?: string } = {
  truncated: 'input ends too early',
  'trailing-data': 'data after the end',
  'invalid-character': 'invalid character',
  'invalid-padding': 'invalid padding',
  'stray-bits': 'stray bits',
  'invalid-utf8': 'invalid UTF-8',
  'too-long': 'too long',
  'unclosed-quote': 'unclosed quote',
  'stray-quote': 'stray character after a quoted field',
  'ragged-row': 'wrong number of fields',
  'invalid-json': 'invalid JSON',
  'too-deep': 'too deep',
  'missing-path': 'missing path',
};

export const faultMessage = (codec: string, code: CodecErrorCode, offset: number, detail: string): string =>
  `${codec}: ${WHAT[code]} at byte ${offset}: ${detail}`;

export const fault = (codec: string, code: CodecErrorCode, offset: number, detail: string): CodecError =>
  new CodecError(faultMessage(codec, code, offset, detail), { codec, code, offset });
