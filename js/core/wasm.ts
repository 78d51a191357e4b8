/** How a Wasm module of the package comes to run: that of the core, and one for each family of codecs. */

/** Gives the bytes; undefined where there are none to compile. */
export type Load = () => Uint8Array<ArrayBuffer> | undefined;

const refusals = new WeakSet<object>();

/** Whether this was thrown because the host refuses WebAssembly and there is no JavaScript. */
export const isRefusal = (error: unknown): boolean => refusals.has(error as object);

export class WasmModule {
  /** Set once it has been compiled; from the start in a build for runtimes that import modules. */
  declare compiled: WebAssembly.Module | undefined;
  /** Instantiates the same functions in JavaScript, where the host refuses WebAssembly. */
  declare asJavaScript: (() => WebAssembly.Exports) | undefined;
  declare readonly what: string;
  declare readonly entry: string;
  declare load: Load;
  /** What the host has refused it with; asked again, a page would report a violation each time. */
  declare refused: Error | undefined;
  declare readonly imports: WebAssembly.Imports;
  declare readonly adopt: (exports: WebAssembly.Exports) => void;

  /**
   * @param what what the module is, in error messages
   * @param entry the package's entry that sets `asJavaScript`
   * @param adopt gives the exports to the glue
   */
  constructor(
    what: string,
    entry: string,
    load: Load,
    compiled: WebAssembly.Module | undefined,
    imports: WebAssembly.Imports,
    adopt: (exports: WebAssembly.Exports) => void,
  ) {
    this.what = what;
    this.entry = entry;
    this.load = load;
    this.compiled = compiled;
    this.imports = imports;
    this.adopt = adopt;
  }

  /**
   * Makes an instance, or its equal in JavaScript.
   *
   * @throws {Error} where the host refuses WebAssembly and there is no JavaScript
   * @throws {RangeError} the engine's, if it gives no memory
   */
  instantiate(): WebAssembly.Exports {
    if (this.refused !== undefined && this.compiled === undefined && this.asJavaScript === undefined)
      throw this.refused;
    const bytes = this.compiled === undefined ? this.load() : undefined;
    let exports;
    try {
      this.compiled ??= new WebAssembly.Module(bytes!);
      ({ exports } = new WebAssembly.Instance(this.compiled, this.imports));
    } catch (cause) {
      // Engines refuse the compilation, WebKit the instantiation.
      if (this.compiled !== undefined && (cause as Error).name !== 'CompileError') throw cause;
      if (this.asJavaScript !== undefined) return this.asJavaScript();
      const error = this.refusal(cause);
      refusals.add(error);
      this.refused = error;
      throw error;
    }
    this.adopt(exports);
    (exports as { __wbindgen_start?(): void }).__wbindgen_start?.();
    return exports;
  }

  /** What is thrown where the host refuses WebAssembly. */
  refusal(cause: unknown): Error {
    return new Error(
      `tidegate: this ${host()} does not let ${this.what} run as WebAssembly. Add 'wasm-unsafe-eval' to the script-src of its policy, or import '${this.entry}', which brings the same as JavaScript; in a runtime that compiles no bytes, resolve the package by the condition 'workerd'`,
      { cause },
    );
  }
}

/** Only a page or a worker of one has a Content-Security-Policy, by far the most frequent reason. */
const host = () => (globalThis.location === undefined ? 'runtime' : "page's Content-Security-Policy or browser");
