/**
 * The core's Wasm module. Its exports take and return numbers and are used as they are; nothing else touches the
 * instance. It is compiled by the first call, which creates the first machine of the page: an import alone compiles
 * nothing and cannot fail.
 */
import type * as glue from '../../build/core/core_bg.js';
import { __wbg_set_wasm } from '../../build/core/core_bg.js';
import { reflectApply, resolved } from '../runtime/intrinsics.js';
import { WasmModule } from './wasm.js';
import type {
  ByteReadableEffects,
  ChannelEffects,
  PipeAnswer,
  ReadableEffects,
  TeeEffects,
  WritableEffects,
} from './effects.js';
import load, { compiled, imports } from '../../build/core/core_bg.wasm';

const { create, setPrototypeOf } = Object;

type Glue = typeof glue;

/**
 * A function of the core with its answer told apart by its machine. A new machine's answer is its id, 0 where there is
 * no room.
 */
type Answering<Name, Fn> = Fn extends (...args: infer Args) => number
  ? (
      ...args: Args
    ) => Name extends `${string}_new` | `${string}_desired_size` | `${string}_figure`
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
                      ? ChannelEffects
                      : number
  : Fn;

type Core = { readonly [Name in keyof Glue]: Answering<Name, Glue[Name]> };

/** Compiled by the first call of the core. */
export const coreModule = new WasmModule('its core', 'tidegate/js', load, compiled, imports, __wbg_set_wasm);

let started: (() => void) | undefined;

/** `job()` is called in a microtask after the core has been instantiated. */
export const onceStarted = (job: () => void) => void (started = job);

/**
 * The module's exports. Until the first call it inherits from an object whose every function instantiates the module
 * and puts the exports into its own place. The glue has a function of the same name and signature for each. Engines
 * fold what a constant inherits into the code that calls it.
 */
export const core = create(
  new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...args: never[]) => {
          setPrototypeOf(core, coreModule.instantiate());
          if (started !== undefined) resolved.react(started);
          return reflectApply(core[name as keyof Core] as (...args: never[]) => number, undefined, args);
        },
    },
  ),
) as Core;
