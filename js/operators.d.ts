// What js/operators declares.
export { map, type MapContext, type MapOptions } from './operators/map.js';
export { flatten, rateLimit, type RateLimitOptions } from './operators/paced.js';
export { batch, chunk, filter, skip, take, tap, type BatchOptions } from './operators/simple.js';
export { tee, type TeeOptions } from './operators/tee.js';
