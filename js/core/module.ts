/**
 * The core's Wasm module, compiled when this file is imported. Its exports take and return numbers
 * and are used as they are; nothing else touches the instance.
 */
import type * as glue from '../../build/core/core_bg.js';
import { __wbg_set_wasm } from '../../build/core/core_bg.js';
import type {
  ByteReadableEffects,
  ChannelAnswer,
  PipeAnswer,
  ReadableEffects,
  TeeEffects,
  WritableEffects,
} from './effects.js';
import bytes, { imports } from '../../build/core/core_bg.wasm';

const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
__wbg_set_wasm(instance.exports);

type Glue = typeof glue;

/** A function of the core with its answer told apart by its machine. A new machine's answer is its id, 0 where there is no room. */
type Answering<Name, Fn> = Fn extends (...args: infer Args) => number
  ? (
      ...args: Args
    ) => Name extends `${string}_new` | `${string}_desired_size`
      ? number
      : Name extends `readable_${string}`
        ? ReadableEffects
        : Name extends `byte_readable_${string}`
          ? ByteReadableEffects
          : Name extends `transform_${string}`
            ? ReadableEffects & WritableEffects & PipeAnswer
            : Name extends `writable_${string}`
              ? WritableEffects
              : Name extends 'pipe_write'
                ? WritableEffects
                : Name extends `pipe_${string}`
                  ? PipeAnswer
                  : Name extends `tee_${string}`
                    ? TeeEffects
                    : Name extends `channel_${string}`
                      ? ChannelAnswer
                      : number
  : Fn;

type Core = { readonly [Name in keyof Glue]: Answering<Name, Glue[Name]> };

/** The glue has a function of the same name and signature for each export. */
export const core = instance.exports as unknown as Core;
(instance.exports as unknown as { __wbindgen_start(): void }).__wbindgen_start();
