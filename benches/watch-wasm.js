/** Knows the Wasm memories of all that is loaded after it. */
const memories = [];
const { Instance } = WebAssembly;

WebAssembly.Instance = class extends Instance {
  constructor(...args) {
    super(...args);
    if (this.exports.memory) memories.push(this.exports.memory);
  }
};

/** Their size, in bytes. */
export const wasmBytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
