/**
 * Importing `tidegate/polyfill` installs only the parts of the Streams Standard that the browser lacks or implements
 * incorrectly. docs/POLYFILL.md says which parts these are in which browser.
 *
 * @module
 */
import { install } from './polyfill/install.js';

export { install, lacking, uninstall } from './polyfill/install.js';

install();
