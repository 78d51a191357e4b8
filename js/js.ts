/**
 * `import 'tidegate/js'` brings the core of the package as JavaScript. Where the page's policy or the engine refuses
 * WebAssembly, the core then runs as JavaScript; elsewhere it runs as WebAssembly all the same. Import it before the
 * first stream is created. It exports nothing.
 *
 * @module
 */
import { bringJavaScriptCore } from './core/javascript.js';

bringJavaScriptCore();
