/** The public face of `tidegate/codecs`. */
export { csv } from './csv.js';
export { digest } from './digest.js';
export { CodecError } from './error.js';
export { gunzip } from './gunzip.js';
export { lines } from './lines.js';
export { codecMemory } from './module.js';
