/** Gives the codecs a second form, for hosts that refuse WebAssembly, as js/core/javascript does for the core. */
import instantiate from '../../build/codecs/codecs_js.js';
import { codecsModule } from './module.js';

export const bringJavaScriptCodecs = () => void (codecsModule.asJavaScript = instantiate);
