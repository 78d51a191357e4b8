/** Changed properties, and what they were before. */
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, setPrototypeOf } = Object;

export class Patches {
  constructor() {
    this.undo = [];
  }

  /** Whether anything is changed now. */
  get changed() {
    return this.undo.length > 0;
  }

  define(object, key, descriptor) {
    const before = getOwnPropertyDescriptor(object, key);
    defineProperty(object, key, descriptor);
    this.undo.push(() => {
      if (before === undefined) delete object[key];
      else defineProperty(object, key, before);
    });
  }

  /** Puts `prototype` behind `object`. */
  inherit(object, prototype) {
    const before = getPrototypeOf(object);
    setPrototypeOf(object, prototype);
    this.undo.push(() => setPrototypeOf(object, before));
  }

  /** Puts `make(method)` in the place of the own method `key`, where there is one; name, length and attributes stay. */
  method(object, key, make) {
    const before = object && getOwnPropertyDescriptor(object, key);
    if (typeof before?.value !== 'function') return;
    this.define(object, key, { ...before, value: dress(make(before.value), before.value) });
  }

  /** The same with the getter of the own accessor `key`. */
  getter(object, key, make) {
    const before = object && getOwnPropertyDescriptor(object, key);
    if (before?.get === undefined) return;
    this.define(object, key, { ...before, get: dress(make(before.get), before.get) });
  }

  restore() {
    for (const undo of this.undo.splice(0).reverse()) undo();
  }
}

/** Gives `fn` the name and the length of `like`. */
export function dress(fn, like) {
  defineProperty(fn, 'name', { value: like.name, configurable: true });
  defineProperty(fn, 'length', { value: like.length, configurable: true });
  return fn;
}
