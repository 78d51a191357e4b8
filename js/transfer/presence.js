/**
 * Who has gone. A message port says nothing when the worker at its other end is terminated, except in Node; but a worker's
 * locks are released then (https://w3c.github.io/web-locks/). So a worker holds a lock of its own for as long as it lives, and the other
 * side waits for that lock. The worker tells its name at once, in a handle too, as it may end
 * before it has the lock, and again when it has it.
 *
 * Windows hold none, as a page that does is not kept for the way back.
 */
const { AbortController, crypto, navigator, origin, window, setTimeout } = globalThis;

const locks = /** @type {LockManager | undefined} */ (navigator?.locks);
const PREFIX = 'tidegate.worker.';

/** Milliseconds that the last messages of a worker that is gone have to arrive, as they come another way than the lock. */
const LAST_MESSAGES = 500;

const ignore = () => {};
const forever = new Promise(ignore);

/** Milliseconds to the next look at a lock that is free before its worker has told that it has it. After the last the worker is taken for gone. */
const LOOKS = [100, 400, 1500, 2000];

/** `{ name, held }` of the lock of this worker; `held` resolves when it has it, and never where it can have none. */
let own;

function ownLock() {
  if (own === undefined) {
    const name = `${PREFIX}${crypto.randomUUID()} ${origin}`;
    own = {
      name,
      held: new Promise((resolve) => {
        locks
          .request(name, () => {
            resolve(undefined);
            return forever;
          })
          .catch(ignore);
      }),
    };
  }
  return own;
}

/** The name of the lock that this worker has, or has asked for; undefined where this is no worker or can have none. */
export function lockName() {
  const can = locks !== undefined && window === undefined && crypto?.randomUUID !== undefined && origin?.length > 4;
  return can ? ownLock().name : undefined;
}

/** Tells the other side of `wire` of this worker's lock, where it can have one. */
export function announce(wire) {
  const name = lockName();
  if (name === undefined) return;
  wire.post('lock', name);
  own.held.then(() => wire.post('locked', name));
}

/** Names of other workers' locks to `{ wires, abort, isTaken }`. */
const watched = new Map();

/** Calls `wire.lost()` when the worker that has told of its lock `name` is gone, until `unwatch(wire)`. `isTaken`: whether it has told that it has it. */
export function watch(wire, name, isTaken) {
  // Elsewhere names mean other locks.
  if (locks === undefined || typeof name !== 'string' || !name.startsWith(PREFIX) || !name.endsWith(` ${origin}`))
    return;
  let entry = watched.get(name);
  if (entry === undefined) {
    entry = { wires: new Set(), abort: new AbortController(), isTaken: false };
    watched.set(name, entry);
    waitFor(name, entry).catch(ignore);
  }
  entry.isTaken ||= isTaken;
  entry.wires.add(wire);
}

/** Whether the lock `name` is held, which it may not be yet. Undefined where that says nothing. */
async function isHeld(name, entry) {
  for (const wait of [...LOOKS, 0]) {
    // Shared: who looks holds the lock for a moment, and must not be taken for the worker by others who look.
    if (await locks.request(name, { mode: 'shared', ifAvailable: true }, (lock) => lock === null)) return true;
    // One that its worker has and that is free here is of another partition of the origin's storage.
    if (entry.isTaken || entry.abort.signal.aborted) return undefined;
    if (wait > 0)
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
      });
  }
  return false;
}

async function waitFor(name, entry) {
  const { wires, abort } = entry;
  const held = await isHeld(name, entry);
  if (held === undefined) return;
  if (held) await locks.request(name, { mode: 'shared', signal: abort.signal }, ignore);
  watched.delete(name);
  setTimeout(() => {
    for (const wire of wires) wire.lost();
  }, LAST_MESSAGES);
}

export function unwatch(wire) {
  for (const [name, { wires, abort }] of watched) {
    if (!wires.delete(wire) || wires.size > 0) continue;
    watched.delete(name);
    abort.abort();
  }
}
