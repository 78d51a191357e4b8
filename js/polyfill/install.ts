/** Decides what is installed, installs it and restores what was there. */
import '../streams/keep-alive.js';
import { classes } from '../streams/classes.js';
import { createAsyncIterator } from '../machines/async-iterator.js';
import {
  TextDecoderStream,
  textDecoderStreamOver,
  TextEncoderStream,
  textEncoderStreamOver,
} from '../codecs/text-streams.js';
import { toNative } from '../native/convert.js';
import { NativeReadableStream } from '../bridge/native-classes.js';
import { classNames, findLacks } from './detect.js';
import { patchBodies } from './bodies.js';
import { patchMessages } from './messages.js';
import { patchNodeStreams } from './node-streams.js';
import { patchNativePipes, patchPairs } from './pairs.js';
import { Patches } from './patches.js';
import { NativeReader } from './native-reader.js';

/** Puts a class on the global object, with the attributes of an interface's. */
function define(patches: Patches, name: string, value: unknown): void {
  patches.define(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

/**
 * What can be added to the engine's own class, by its name in `lacking()`. If the engine lacks anything else, all
 * classes are replaced together: the sides of a TransformStream must be instances of the page's ReadableStream and
 * WritableStream, and these two must accept each other.
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
          !!(arguments[0] as { preventCancel?: unknown } | null | undefined)?.preventCancel,
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
  TextDecoderStream: (patches) =>
    define(patches, 'TextDecoderStream', textDecoderStreamOver(globalThis.TransformStream)),
  TextEncoderStream: (patches) =>
    define(patches, 'TextEncoderStream', textEncoderStreamOver(globalThis.TransformStream)),
  transfer: (patches) => patchMessages(patches, { isOurs: false, nativeTransfers: false }),
};

const lacks: readonly string[] = Object.freeze(findLacks(globalThis));

/** The names of what the engine lacks or implements incorrectly. Importing this module tries each of them. */
export function lacking(): readonly string[] {
  return lacks;
}

/**
 * What is installed. A page may load several copies of this module, one in each bundle:
 *
 * 1. A copy that lacks nothing joins the last installation, which stays until all of its owners have called
 *    `uninstall()`.
 * 2. Another copy installs on top of that. An installation below another is taken out from under it.
 */
interface Installation {
  /** Whether all classes are replaced. */
  readonly complete: boolean;
  /** How many copies use it. */
  owners: number;
  readonly patches: Patches;
  apply(): void;
}

/** The installations of all copies, the first one first: a property of the global object while there is one. */
const INSTALLATIONS = Symbol.for('tidegate.polyfill');
const scope = globalThis as { [INSTALLATIONS]?: Installation[] };

/** The one that this copy uses. */
let installed: Installation | undefined;

/**
 * Installs what the engine lacks on `globalThis`. The import of `tidegate/polyfill` has done this already, so call it
 * only after `uninstall()`, or with `force`.
 *
 * @param options `force`: replace every class, whatever the engine has. Default: false
 * @returns whether anything is installed now
 */
export function install(options?: { force?: boolean }): boolean;
export function install({ force = false }: { force?: boolean } = {}): boolean {
  if (installed !== undefined && (installed.complete || !force)) return true;
  const last = scope[INSTALLATIONS]?.at(-1);
  if (last !== undefined && last !== installed && lacks.length === 0 && (last.complete || !force)) {
    uninstall();
    last.owners += 1;
    installed = last;
    return true;
  }
  uninstall();
  const complete = force || lacks.some((name) => !(name in additions));
  const patches = new Patches();
  const installation: Installation = {
    complete,
    owners: 1,
    patches,
    apply() {
      try {
        if (complete) installClasses(patches);
        else for (const name of lacks) additions[name]!(patches);
      } catch (error) {
        patches.restore();
        throw error;
      }
    },
  };
  installation.apply();
  if (!patches.changed) return false;
  installed = installation;
  if (scope[INSTALLATIONS] === undefined)
    Object.defineProperty(scope, INSTALLATIONS, { value: [], configurable: true });
  scope[INSTALLATIONS]!.push(installation);
  return true;
}

/** Restores every property that `install()` changed. Existing streams continue to work. */
export function uninstall(): void {
  const installation = installed;
  installed = undefined;
  if (installation === undefined || (installation.owners -= 1) > 0) return;
  const installations = scope[INSTALLATIONS]!;
  const later = installations.splice(installations.indexOf(installation)).slice(1);
  for (const other of [...later].reverse()) other.patches.restore();
  try {
    installation.patches.restore();
  } finally {
    for (const other of later) {
      other.apply();
      installations.push(other);
    }
    if (installations.length === 0) delete scope[INSTALLATIONS];
  }
}

function installClasses(patches: Patches): void {
  // Node's modules first and the classes last: Node loads its Response at the first use, and takes the ReadableStream of that moment and the
  // function that tees it.
  patchNodeStreams(patches);
  patchBodies(patches);
  patchPairs(patches);
  patchNativePipes(patches);
  patchMessages(patches, { isOurs: true, nativeTransfers: !lacks.includes('transfer') });
  for (const name of classNames) define(patches, name, classes[name as keyof typeof classes]);
  define(patches, 'TextDecoderStream', TextDecoderStream);
  define(patches, 'TextEncoderStream', TextEncoderStream);
}
