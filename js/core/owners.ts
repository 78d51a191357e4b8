/**
 * Who owns the machines of one kind in the core: `free(id)` gives a slot back where its owner is collected before the
 * machine has ended.
 *
 * An owner whose machine has ended is to be dropped. V8 keeps what a FinalizationRegistry watches through its collections of
 * young objects, with all that hangs from it, so that streams of a few chunks would fill the heap until the next full one.
 */
import { broken, repair } from '../runtime/broken.js';
import { isolate, resolved } from '../runtime/intrinsics.js';

const { register, unregister } = FinalizationRegistry.prototype;

export class Owners {
  declare free: (id: number) => void;
  declare registry: FinalizationRegistry<number>;

  constructor(free: (id: number) => void) {
    this.free = free;
    this.registry = Object.defineProperties(new FinalizationRegistry(free), {
      register: { value: register },
      unregister: { value: unregister },
    });
  }

  add(owner: object, id: number): void {
    try {
      this.registry.register(owner, id, owner);
    } catch (error) {
      const { list, length } = broken;
      list[length] = { __proto__: null, crash: () => this.free(id) };
      list[length + 1] = list[length + 3] = undefined;
      list[length + 2] = error;
      broken.length = length + 4;
      resolved.react(repair);
      throw error;
    }
  }

  drop(owner: object): void {
    this.registry.unregister(owner);
  }
}

isolate(Owners);
