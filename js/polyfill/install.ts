/** Decides what is installed, installs it and restores what was there. */
import '../streams/keep-alive.js';
import { classes } from '../streams/classes.js';
import { createAsyncIterator } from '../machines/async-iterator.js';
import { toNative } from '../native/convert.js';
import { NativeReadableStream } from '../bridge/native-classes.js';
import { classNames, findLacks } from './detect.js';
import { patchBodies } from './bodies.js';
import { patchMessages } from './messages.js';
import { patchNodeStreams } from './node-streams.js';
import { patchNativePipes, patchPairs } from './pairs.js';
import { Patches } from './patches.js';
import { NativeReader } from './native-reader.js';

/**
 * What can be added to the engine's own class, by its name in `lacking()`. If the engine lacks anything else, all classes are replaced
 * together: the sides of a TransformStream must be instances of the page's ReadableStream and WritableStream, and these two must accept
 * each other.
 */
const additions: Record<string, (patches: Patches) => void> = {
  'ReadableStream.from': (patches) => {
    // A method keeps its name in minified code, and is no constructor.
    const { from } = {
      from(asyncIterable: AsyncIterable<unknown> | Iterable<unknown>) {
        return toNative(classes.ReadableStream.from(asyncIterable));
      },
    };
    patches.define(NativeReadableStream!, 'from', {
      value: from,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  },
  'async iteration': (patches) => {
    const { values } = {
      values(this: globalThis.ReadableStream) {
        return createAsyncIterator(
          new NativeReader(this),
          Boolean((arguments[0] as { preventCancel?: unknown } | null | undefined)?.preventCancel),
        );
      },
    };
    const { prototype } = NativeReadableStream!;
    patches.define(prototype, 'values', { value: values, writable: true, enumerable: true, configurable: true });
    patches.define(prototype, Symbol.asyncIterator, {
      value: values,
      writable: true,
      enumerable: false,
      configurable: true,
    });
  },
  transfer: (patches) => patchMessages(patches, { isOurs: false, nativeTransfers: false }),
};

const lacks: readonly string[] = Object.freeze(findLacks(globalThis));

/** The names of what the engine lacks or implements incorrectly. Importing this module tries each of them. */
export function lacking(): readonly string[] {
  return lacks;
}

let installed: { readonly complete: boolean; readonly patches: Patches } | undefined;

/**
 * Installs what the engine lacks on `globalThis`. The import of `tidegate/polyfill` has done this already, so call it only after `uninstall()`, or
 * with `force`.
 *
 * @param options `force`: replace every class, whatever the engine has. Default: false
 * @returns whether anything is installed now
 */
export function install({ force = false }: { force?: boolean } = {}): boolean {
  if (installed !== undefined && (installed.complete || !force)) return installed.patches.changed;
  uninstall();
  const complete = force || lacks.some((name) => !(name in additions));
  const patches = new Patches();
  try {
    if (complete) installClasses(patches);
    else for (const name of lacks) additions[name]!(patches);
  } catch (error) {
    patches.restore();
    throw error;
  }
  installed = { complete, patches };
  return patches.changed;
}

/** Restores every property that `install()` changed. Existing streams continue to work. */
export function uninstall(): void {
  installed?.patches.restore();
  installed = undefined;
}

function installClasses(patches: Patches): void {
  // Node's modules first and the classes last: Node loads its Response at the first use, and takes the ReadableStream of that moment and the
  // function that tees it.
  patchNodeStreams(patches);
  patchBodies(patches);
  patchPairs(patches);
  patchNativePipes(patches);
  patchMessages(patches, { isOurs: true, nativeTransfers: !lacks.includes('transfer') });
  for (const name of classNames) {
    patches.define(globalThis, name, {
      value: classes[name as keyof typeof classes],
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }
}
