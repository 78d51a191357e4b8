/** The public face of `tidegate/codecs`. */
export { csv } from './codecs/csv.js';
export { digest } from './codecs/digest.js';
export { CodecError } from './codecs/error.js';
export { gunzip } from './codecs/gunzip.js';
export { lines } from './codecs/lines.js';
export { codecMemory } from './codecs/module.js';
