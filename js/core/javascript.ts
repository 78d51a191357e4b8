/**
 * Gives the core a second form, for hosts that refuse WebAssembly: the same module, translated to JavaScript by the
 * build.
 */
import instantiate from '../../build/core/core_js.js';
import { coreModule } from './module.js';

/** For the entries to call: what is in a shared file of dist/ bundlers take to have no effects. */
export const bringJavaScriptCore = () => void (coreModule.asJavaScript = instantiate);
