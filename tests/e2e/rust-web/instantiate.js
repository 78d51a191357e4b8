let count = 0;

/** A new instance of the server's `/module_bg.wasm`, with glue of its own; resolves with the glue's functions. */
export async function instantiate() {
  const glue = await import(`/module_bg.js?instance=${count++}`);
  const imports = new Proxy({}, { get: () => glue }); // there is one module to import from, whatever its name is
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/module_bg.wasm'), imports);
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();
  return glue;
}
