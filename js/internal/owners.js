/**
 * Who owns the machines of one kind in the core: `free(id)` gives a slot back where its owner is collected before the
 * machine has ended.
 *
 * An owner whose machine has ended is to be dropped. V8 keeps what a FinalizationRegistry watches through its collections of
 * young objects, with all that hangs from it, so that streams of a few chunks would fill the heap until the next full one.
 */
import { isolate } from './intrinsics.js';

export class Owners {
  constructor(free) {
    this.registry = new FinalizationRegistry(free);
  }

  add(owner, id) {
    this.registry.register(owner, id, owner);
  }

  drop(owner) {
    this.registry.unregister(owner);
  }
}

isolate(Owners);
