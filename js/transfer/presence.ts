/**
 * Detects that the worker at the other end of a port was terminated. Only Node's ports report that. But a browser releases a worker's
 * locks when the worker ends (https://w3c.github.io/web-locks/), so a worker holds a lock of its own for as long as it lives, and the other
 * side waits for that lock. The worker sends the lock's name at once, in the handle too, because it may end before it
 * has the lock, and again when it has the lock.
 *
 * Windows hold no lock, because a page that holds one does not enter the back/forward cache.
 */
const { AbortController, crypto, navigator, origin, window, setTimeout } = globalThis;

/** The side of a port whose other side may end. */
interface Watcher {
  post(type: string, value: unknown): void;
  /** Called at most once, if the other side is gone. */
  lost(): void;
}

const locks = navigator?.locks as LockManager | undefined;
const PREFIX = 'tidegate.worker.';

/** Milliseconds for the last messages of an ended worker to arrive: locks and messages arrive on different ways. */
const LAST_MESSAGES = 500;

const ignore = () => {};
const forever = new Promise(ignore);

/**
 * Milliseconds until each next look at a lock that is free although its worker has not yet reported that it holds the lock. If the lock is still
 * free after the last, the worker is considered ended.
 */
const LOOKS = [100, 400, 1500, 2000];

/** The lock of this worker. */
interface OwnLock {
  readonly name: string;
  /** Resolves when this worker holds the lock, and never if it cannot have one. */
  readonly held: Promise<unknown>;
}

let own: OwnLock | undefined;

function ownLock(): OwnLock {
  if (own === undefined) {
    const name = `${PREFIX}${crypto.randomUUID()} ${origin}`;
    own = {
      name,
      held: new Promise((resolve) => {
        locks!
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

/** The name of the lock that this worker holds or has requested; undefined if this is no worker or cannot have a lock. */
export function lockName(): string | undefined {
  const can = locks !== undefined && window === undefined && crypto?.randomUUID !== undefined && origin?.length > 4;
  return can ? ownLock().name : undefined;
}

/** Sends the name of this worker's lock to the other side of `wire`, if this worker can have a lock. */
export function announce(wire: Watcher): void {
  const name = lockName();
  if (name === undefined) return;
  wire.post('lock', name);
  own!.held.then(() => wire.post('locked', name));
}

/** Another worker's lock, and who waits for it. */
interface Watched {
  readonly wires: Set<Watcher>;
  readonly abort: AbortController;
  /** Whether the worker has reported that it holds the lock. */
  isTaken: boolean;
}

/** By the names of the locks. */
const watched = new Map<string, Watched>();

/**
 * Calls `wire.lost()` when the worker that holds the lock `name` is gone, until `unwatch(wire)`. `isTaken`: whether that worker has reported that
 * it holds the lock.
 */
export function watch(wire: Watcher, name: string, isTaken: boolean): void {
  // In another origin or partition the same name is another lock.
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

/** Whether the lock `name` is held; its worker may have requested it only just now. Undefined if the lock says nothing about the worker. */
async function isHeld(name: string, entry: Watched): Promise<boolean | undefined> {
  for (const wait of [...LOOKS, 0]) {
    // Shared: this look holds the lock for a moment, and other threads that look must not take it for the worker.
    if (await locks!.request(name, { mode: 'shared', ifAvailable: true }, (lock) => lock === null)) return true;
    // The worker holds a lock that is free here: it is in another partition of the origin's storage.
    if (entry.isTaken || entry.abort.signal.aborted) return undefined;
    if (wait > 0)
      await new Promise<void>((resolve) => {
        setTimeout(resolve, wait);
      });
  }
  return false;
}

async function waitFor(name: string, entry: Watched): Promise<void> {
  const { wires, abort } = entry;
  const held = await isHeld(name, entry);
  if (held === undefined) return;
  if (held) await locks!.request(name, { mode: 'shared', signal: abort.signal }, ignore);
  watched.delete(name);
  setTimeout(() => {
    for (const wire of wires) wire.lost();
  }, LAST_MESSAGES);
}

export function unwatch(wire: Watcher): void {
  for (const [name, { wires, abort }] of watched) {
    if (!wires.delete(wire) || wires.size > 0) continue;
    watched.delete(name);
    abort.abort();
  }
}
