/** The error of a host that refuses WebAssembly. */

/**
 * `what` cannot run; `advice` ends the message and says what to do. Engines refuse the compilation, WebKit the
 * instantiation.
 */
export const wasmRefused = (cause: unknown, what: string, advice: string): Error =>
  new Error(`tidegate: this ${host()} does not let ${what} run as WebAssembly. ${advice}`, { cause });

/** Only a page or a worker of one has a Content-Security-Policy, by far the most frequent reason. */
const host = () => (globalThis.location === undefined ? 'runtime' : "page's Content-Security-Policy or browser");
