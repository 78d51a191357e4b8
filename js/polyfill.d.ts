/**
 * Importing `tidegate/polyfill` installs only the parts of the Streams Standard that the browser lacks or implements
 * incorrectly.
 *
 * @module
 */

/**
 * Installs on `globalThis` what the engine lacks. The import has already done so: call it after `uninstall()`, or with
 * `force`.
 *
 * @param options `force` replaces every class, whatever the engine has. Default: false
 * @returns true if anything is installed now
 */
export function install(options?: { force?: boolean }): boolean;

/** Restores every property that was changed. Existing streams keep working. */
export function uninstall(): void;

/**
 * Returns the names of the features that the engine lacks or implements incorrectly, found by trying them when this
 * module was imported.
 */
export function lacking(): readonly string[];
