// The first module of the page. Browsers that have all of this load no polyfill.
const { ReadableStream } = globalThis;
const complete =
  typeof ReadableStream?.from === 'function' &&
  Symbol.asyncIterator in ReadableStream.prototype &&
  'ReadableByteStreamController' in globalThis;
if (!complete) await import('tidegate/polyfill');

// A static import would run before the polyfill is there.
export const { countLines, joined, firstBytes } = await import('./old-browsers.app.js');
