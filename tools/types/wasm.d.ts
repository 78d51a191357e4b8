/** What esbuild's `binary` loader makes of a Wasm module. */
declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
