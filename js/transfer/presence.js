/**
 * Who has gone. A message port says nothing when the worker at its other end is terminated, except in Node; but a worker's
 * locks are released then (https://w3c.github.io/web-locks/). So a worker holds a lock of its own for as long as it lives and
 * tells its name, and the other side waits for that lock.
 *
 * Windows hold none, as a page that does is not kept for the way back.
 */
const { AbortController, crypto, navigator, window, setTimeout } = globalThis;

const locks = /** @type {LockManager | undefined} */ (navigator?.locks);
const PREFIX = 'tidegate.worker.';

/** Milliseconds that the last messages of a worker that is gone have to arrive, as they come another way than the lock. */
const GRACE = 500;

const ignore = () => {};
const forever = new Promise(ignore);

let ownName;

/** Resolves with the name of the lock that this worker holds; never where it can hold none. */
function nameOfOwnLock() {
  ownName ??= new Promise((resolve) => {
    const name = PREFIX + crypto.randomUUID();
    locks.request(name, () => {
      resolve(name);
      return forever;
    }).catch(ignore);
  });
  return ownName;
}

/** Tells the other side of `wire` the name of this worker's lock, where this is a worker and can have one. */
export function announce(wire) {
  if (locks !== undefined && window === undefined && crypto?.randomUUID !== undefined) {
    nameOfOwnLock().then((name) => wire.post('lock', name));
  }
}

/** Names of other workers' locks to `{ wires, abort }`. */
const watched = new Map();

/** Calls `wire.lost()` when the worker that holds the lock `name` is gone, until `unwatch(wire)`. */
export function watch(wire, name) {
  if (locks === undefined || typeof name !== 'string' || !name.startsWith(PREFIX)) return;
  let entry = watched.get(name);
  if (entry === undefined) {
    entry = { wires: new Set(), abort: new AbortController() };
    watched.set(name, entry);
    waitFor(name, entry).catch(ignore);
  }
  entry.wires.add(wire);
}

async function waitFor(name, { wires, abort }) {
  // A lock that is free is one of another origin, where names mean other locks.
  const isHeld = await locks.request(name, { ifAvailable: true }, (lock) => lock === null);
  if (!isHeld) return;
  await locks.request(name, { signal: abort.signal }, ignore);
  watched.delete(name);
  setTimeout(() => {
    for (const wire of wires) wire.lost();
  }, GRACE);
}

export function unwatch(wire) {
  for (const [name, { wires, abort }] of watched) {
    if (!wires.delete(wire) || wires.size > 0) continue;
    watched.delete(name);
    abort.abort();
  }
}
