/**
 * Importing `tidegate/polyfill` gives the page what its engine lacks of the Streams Standard or gets wrong, and nothing
 * else.
 *
 * @module
 */

/**
 * Installs what the engine lacks on `globalThis`. The import has done it already; to be called after `uninstall()`, or
 * with `force`.
 *
 * @param options `force`: replace every class, whatever the engine has. Default false
 * @returns whether anything is installed now
 */
export function install(options?: { force?: boolean }): boolean;

/** Puts back every property that was changed, as it was. Streams that exist go on. */
export function uninstall(): void;

/** The names of what the engine lacks or gets wrong, found by trying it when this module was imported. */
export function lacking(): readonly string[];
