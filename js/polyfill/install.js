/** What is put where, and how it comes out again. */
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
 * What can be added to the engine's own class, each from its own name in `lacking()`. Anything else means other classes,
 * and those come all together: a TransformStream's sides must be instances of the page's ReadableStream and WritableStream,
 * and these must know one another.
 */
const additions = {
  'ReadableStream.from': (patches) => {
    // A method keeps its name through the minifier, and is no constructor.
    const { from } = {
      from(asyncIterable) {
        return toNative(classes.ReadableStream.from(asyncIterable));
      },
    };
    patches.define(NativeReadableStream, 'from', { value: from, writable: true, enumerable: true, configurable: true });
  },
  'async iteration': (patches) => {
    const { values } = {
      values() {
        return createAsyncIterator(new NativeReader(this), Boolean(arguments[0]?.preventCancel));
      },
    };
    const { prototype } = NativeReadableStream;
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

const lacks = Object.freeze(findLacks(globalThis));

/** The names of what this page's engine lacks or gets wrong, found by trying it when this module was imported. */
export function lacking() {
  return lacks;
}

let installed;

/**
 * Installs what the engine lacks; nothing where it lacks nothing.
 *
 * @param {{ force?: boolean }} [options] `force`: install every class, whatever the engine has
 * @returns {boolean} whether anything is installed now
 */
export function install({ force = false } = {}) {
  if (installed !== undefined && (installed.complete || !force)) return installed.patches.changed;
  uninstall();
  const complete = force || lacks.some((name) => !(name in additions));
  const patches = new Patches();
  try {
    if (complete) installClasses(patches);
    else for (const name of lacks) additions[name](patches);
  } catch (error) {
    patches.restore();
    throw error;
  }
  installed = { complete, patches };
  return patches.changed;
}

/** Puts back every property that `install` changed, as it was. Streams that exist go on. */
export function uninstall() {
  installed?.patches.restore();
  installed = undefined;
}

function installClasses(patches) {
  // The classes come last and Node's modules first: Node loads its Response when somebody asks for it, and that looks for a ReadableStream and
  // for what tees it then.
  patchNodeStreams(patches);
  patchBodies(patches);
  patchPairs(patches);
  patchNativePipes(patches);
  patchMessages(patches, { isOurs: true, nativeTransfers: !lacks.includes('transfer') });
  for (const name of classNames) {
    patches.define(globalThis, name, { value: classes[name], writable: true, enumerable: false, configurable: true });
  }
}
