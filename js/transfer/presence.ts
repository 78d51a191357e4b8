/**
 * Detects that the worker at the other end of a port was terminated. Only Node's ports report that. But a browser
 * releases a worker's locks when the worker ends (https://w3c.github.io/web-locks/), so a worker holds a lock of its
 * own for as long as it lives, and the other side waits for that lock. The worker sends the lock's name at once, in the
 * handle too, because it may end before it has the lock, and again when it has the lock.
 *
 * A page that holds a lock does not enter the back/forward cache, and in Firefox neither does one whose worker holds a
 * lock. So windows hold none, and a worker releases its lock some time after its last stream has ended.
 */
const { AbortController, clearTimeout, crypto, navigator, origin, window, setTimeout } = globalThis;

/** The side of a port whose other side may end. */
interface Watcher {
  /** How many messages have arrived. */
  readonly delivered: number;
  post(type: string, value: unknown): void;
  /** Called at most once, if the other side is gone. */
  lost(): void;
}

const locks = navigator?.locks as LockManager | undefined;
const PREFIX = 'tidegate.worker.';

/**
 * Milliseconds without a message after which an ended worker is considered gone: locks and messages arrive on different
 * ways, and a page that is busy takes its messages one by one.
 */
const LAST_MESSAGES = 500;

/** Milliseconds that a worker keeps its lock after its last stream, so that the other side has seen the end by then. */
const IDLE = 5000;

const ignore = () => {};

/**
 * Milliseconds until each next look at a lock that is free although its worker has not yet reported that it holds the
 * lock. If the lock is still free after the last, the worker is considered ended.
 */
const LOOKS = [100, 400, 1500, 2000];

/** The lock of this worker. */
interface OwnLock {
  readonly name: string;
  /** Resolves when this worker holds the lock, and never if it cannot have one. */
  readonly held: Promise<unknown>;
  /** The sides of ports that have announced it and are open. */
  readonly wires: Set<Watcher>;
  /** The timer that releases it, since its last wire was closed. */
  timer?: ReturnType<typeof setTimeout>;
  release(): void;
}

let own: OwnLock | undefined;

function ownLock(): OwnLock {
  if (own === undefined) {
    const name = `${PREFIX}${crypto.randomUUID()} ${origin}`;
    let release = ignore;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const held = new Promise((resolve) => {
      locks!
        .request(name, () => {
          resolve(undefined);
          return released;
        })
        .catch(ignore);
    });
    own = { name, held, wires: new Set(), release };
  }
  return own;
}

/**
 * The name of the lock that this worker holds or has requested; undefined if this is no worker or cannot have a lock.
 */
export function lockName(): string | undefined {
  const can = locks !== undefined && window === undefined && crypto?.randomUUID !== undefined && origin?.length > 4;
  return can ? ownLock().name : undefined;
}

/** Sends the name of this worker's lock to the other side of `wire`, if this worker can have a lock. */
export function announce(wire: Watcher): void {
  const name = lockName();
  if (name === undefined) return;
  own!.wires.add(wire);
  wire.post('lock', name);
  own!.held.then(() => wire.post('locked', name));
}

/** To be called when `wire` is closed. */
export function withdraw(wire: Watcher): void {
  const lock = own;
  if (!lock?.wires.delete(wire) || lock.wires.size > 0) return;
  clearTimeout(lock.timer);
  lock.timer = setTimeout(() => {
    if (lock.wires.size > 0) return;
    own = undefined;
    lock.release();
  }, IDLE);
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
 * Calls `wire.lost()` when the worker that holds the lock `name` is gone, until `unwatch(wire)`. `isTaken`: whether
 * that worker has reported that it holds the lock.
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

/**
 * Whether the lock `name` is held; its worker may have requested it only just now. Undefined if the lock says nothing
 * about the worker.
 */
async function isHeld(name: string, entry: Watched): Promise<boolean | undefined> {
  for (const wait of [...LOOKS, 0]) {
    // No request with `ifAvailable`: after one that got no lock, Firefox keeps the page from the back/forward cache for good.
    const { held } = await locks!.query();
    // Those that wait for the worker share the lock once it is gone.
    if (held!.some((lock) => lock.name === name && lock.mode === 'exclusive')) return true;
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
  for (const wire of wires) loseLater(wire);
}

function loseLater(wire: Watcher): void {
  const { delivered } = wire;
  setTimeout(() => (wire.delivered === delivered ? wire.lost() : loseLater(wire)), LAST_MESSAGES);
}

export function unwatch(wire: Watcher): void {
  for (const [name, { wires, abort }] of watched) {
    if (!wires.delete(wire) || wires.size > 0) continue;
    watched.delete(name);
    abort.abort();
  }
}
