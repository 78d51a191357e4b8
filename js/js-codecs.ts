/**
 * `import 'tidegate/js-codecs'` brings the codecs of the package as JavaScript, and the core as `tidegate/js` does.
 * Where the page's policy or the engine refuses WebAssembly, the codecs then run as JavaScript, several times slower;
 * elsewhere they run as WebAssembly all the same. Import it before the first codec runs. It exports nothing.
 *
 * @module
 */
import { bringJavaScriptCodecs } from './codecs/javascript.js';
import { bringJavaScriptCore } from './core/javascript.js';

bringJavaScriptCore();
bringJavaScriptCodecs();
