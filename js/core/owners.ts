/**
 * The owners of one kind of machine in the core. `free(id)` releases the slot if its owner is garbage-collected before
 * the machine has ended.
 *
 * Drop an owner whose machine has ended. V8's collections of young objects keep what a FinalizationRegistry watches,
 * with everything it refers to, so short streams would fill the heap until the next full collection.
 */
import { broken, repair } from '../runtime/broken.js';
import { Finalizers } from '../runtime/finalizers.js';
import { isolate, resolved } from '../runtime/intrinsics.js';
import { watch } from '../runtime/watch.js';

const { register, unregister } = Finalizers.prototype;

export class Owners {
  declare free: (id: number) => void;
  declare registry: FinalizationRegistry<number>;

  constructor(free: (id: number) => void) {
    this.free = free;
    this.registry = Object.defineProperties(new Finalizers(free), {
      register: { value: register },
      unregister: { value: unregister },
    });
  }

  add(owner: object, id: number): void {
    try {
      this.registry.register(owner, id, owner);
      if (watch.created !== undefined) watch.created(owner);
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
