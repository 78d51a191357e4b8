/** Loads a Wasm module of the package from where the page wants it to come from. */
import type { WasmModule } from '../core/wasm.js';

/**
 * Where a Wasm module comes from: its URL, the response of a fetch or the promise of one, its bytes, or the module.
 */
export type WasmSource =
  string | URL | Response | PromiseLike<Response> | ArrayBuffer | ArrayBufferView<ArrayBuffer> | WebAssembly.Module;

/** What the build makes of a Wasm file that is an asset. */
interface Asset {
  readonly name: string;
  /** Tells this build's file from those of others, whose exports have the same names and do other things. */
  readonly stamp: string;
  readonly url: () => URL;
}

const loading = new WeakMap<WasmModule, Promise<void>>();

/** Loads `asset` into `module`, once; a call that failed may be repeated. */
export function load(
  module: WasmModule,
  asset: Asset,
  source: WasmSource = asset.url(),
  translated: () => Promise<{ default: () => WebAssembly.Exports }>,
): Promise<void> {
  const pending = loading.get(module);
  if (pending !== undefined) return pending;
  const loaded = run(module, asset, source, translated).catch((error) => {
    loading.delete(module);
    throw error;
  });
  loading.set(module, loaded);
  return loaded;
}

/** Synchronous for a `WebAssembly.Module`. */
async function run(
  module: WasmModule,
  asset: Asset,
  source: WasmSource,
  translated: Parameters<typeof load>[3],
): Promise<void> {
  if (isModule(source)) {
    module.compiled = checked(source, asset);
  } else if (refusesWasm()) {
    module.asJavaScript = (await translated()).default;
    module.load = () => undefined;
  } else {
    module.compiled = checked(
      await compile((await source) as Exclude<typeof source, PromiseLike<Response>>, asset),
      asset,
    );
  }
}

const isModule = (source: unknown): source is WebAssembly.Module =>
  Object.prototype.toString.call(source) === '[object WebAssembly.Module]';

/** Whether the host refuses even a module of nothing. */
function refusesWasm(): boolean {
  try {
    return !new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));
  } catch {
    return true;
  }
}

/** What is neither bytes nor a response is taken for a URL. */
async function compile(source: BufferSource | Response | string | URL, asset: Asset): Promise<WebAssembly.Module> {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return compileBytes(source, asset);
  if (typeof source === 'object' && 'arrayBuffer' in source) return compileResponse(source, asset);
  const url = String(source);
  // Node's fetch takes no file: URLs.
  const files = url.startsWith('file:') && globalThis.process?.getBuiltinModule?.('node:fs');
  return files ? compileBytes(files.readFileSync(new URL(url)), asset) : compileResponse(await fetch(url), asset);
}

async function compileResponse(response: Response, asset: Asset): Promise<WebAssembly.Module> {
  if (!response.ok) throw failure(asset, `${response.url} has the status ${response.status}`);
  if (response.headers.get('content-type') === 'application/wasm') {
    return WebAssembly.compileStreaming(response).catch((cause) => {
      throw failure(asset, `${response.url} is not a Wasm module`, cause);
    });
  }
  return compileBytes(await response.arrayBuffer(), asset);
}

const compileBytes = (bytes: BufferSource, asset: Asset) =>
  WebAssembly.compile(bytes).catch((cause) => {
    throw failure(asset, 'the bytes are not a Wasm module', cause);
  });

function checked(module: WebAssembly.Module, asset: Asset): WebAssembly.Module {
  const [section] = WebAssembly.Module.customSections(module, 'tidegate');
  const stamp = section && String.fromCharCode(...new Uint8Array(section));
  if (stamp !== asset.stamp) throw failure(asset, 'the module is not of this build of tidegate');
  return module;
}

const failure = (asset: Asset, what: string, cause?: unknown) =>
  new Error(
    `tidegate/slim: cannot load ${asset.name}: ${what}. Deploy the ${asset.name} of the same version, or pass its URL, response, bytes or module`,
    { cause },
  );
