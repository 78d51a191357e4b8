/** Records each property that was changed and its former value. */
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf } = Object;

/** A function of the engine's, or the one that takes its place: called with whatever the page calls it with. */
export type Method = (this: unknown, ...args: unknown[]) => unknown;

export class Patches {
  declare undo: (() => unknown)[];

  constructor() {
    this.undo = [];
  }

  /** Whether anything is changed now. */
  get changed(): boolean {
    return this.undo.length > 0;
  }

  define(object: object, key: PropertyKey, descriptor: PropertyDescriptor): void {
    const before = getOwnPropertyDescriptor(object, key);
    try {
      defineProperty(object, key, descriptor);
    } catch (cause) {
      throw frozenError(
        'install(): cannot define',
        key,
        '; import tidegate/polyfill before anything freezes it',
        cause,
      );
    }
    this.undo.push(() => {
      try {
        if (before === undefined) delete (object as Record<PropertyKey, unknown>)[key];
        else defineProperty(object, key, before);
      } catch (cause) {
        throw frozenError('uninstall(): cannot restore', key, '', cause);
      }
    });
  }

  /** Makes `prototype` the prototype of `object`. */
  inherit(object: object, prototype: object): void {
    const before = getPrototypeOf(object);
    setPrototypeOf(object, prototype);
    this.undo.push(() => setPrototypeOf(object, before));
  }

  /** Replaces the own method `key`, if there is one, by `make(method)`. Name, length and attributes stay. */
  method(object: object | undefined, key: PropertyKey, make: (method: Method) => Method): void {
    const before = object && getOwnPropertyDescriptor(object, key);
    if (typeof before?.value !== 'function') return;
    this.define(object!, key, { ...before, value: dress(make(before.value), before.value) });
  }

  /** Replaces the getter of the own accessor `key` in the same way. */
  getter(object: object | undefined, key: PropertyKey, make: (getter: () => unknown) => () => unknown): void {
    const before = object && getOwnPropertyDescriptor(object, key);
    if (before?.get === undefined) return;
    this.define(object!, key, { ...before, get: dress(make(before.get), before.get) });
  }

  /** Restores all that can be restored; then throws the first error, if there was one. */
  restore(): void {
    const errors: unknown[] = [];
    for (const undo of this.undo.splice(0).reverse()) {
      try {
        undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

const frozenError = (what: string, key: PropertyKey, advice: string, cause: unknown) =>
  new TypeError(`${what} '${String(key)}', because its object is frozen${advice}`, { cause });

/** Gives `fn` the name and the length of `like`. */
export function dress<Fn extends Function>(fn: Fn, like: Function): Fn {
  defineProperty(fn, 'name', { value: like.name, configurable: true });
  defineProperty(fn, 'length', { value: like.length, configurable: true });
  return fn;
}
