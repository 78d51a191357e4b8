/** A first-in first-out list on a ring. Reads and writes cost the same however long it is. */
import { isolate } from './intrinsics.js';

/** What lists begin with that nothing has been put into; of the same kind of elements as the others. */
const EMPTY = new Array(1);
EMPTY[0] = undefined;
EMPTY.length = 0;

export class Fifo {
  constructor() {
    this.items = EMPTY;
    this.head = 0;
    this.length = 0;
  }

  push(item) {
    const items = this.items;
    if (this.length === items.length) this.grow();
    this.items[(this.head + this.length) & (this.items.length - 1)] = item;
    this.length++;
  }

  /** The first item, taken out. The list must not be empty. */
  shift() {
    const items = this.items;
    const item = items[this.head];
    items[this.head] = undefined;
    this.head = (this.head + 1) & (items.length - 1);
    this.length--;
    return item;
  }

  peek() {
    return this.items[this.head];
  }

  grow() {
    const old = this.items;
    const size = old.length;
    const items = new Array(size === 0 ? 4 : size * 2);
    for (let i = 0; i < size; i++) items[i] = old[(this.head + i) & (size - 1)];
    this.items = items;
    this.head = 0;
  }
}

isolate(Fifo);
