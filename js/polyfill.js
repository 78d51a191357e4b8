/**
 * `tidegate/polyfill`: importing it gives the page what its engine lacks of the Streams Standard or gets wrong, and
 * nothing else. docs/POLYFILL.md says what that comes to in which engine.
 */
import { install } from './polyfill/install.js';

export { install, lacking, uninstall } from './polyfill/install.js';

install();
