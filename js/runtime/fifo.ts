/** A first-in first-out list on a ring. Reads and writes cost the same however long it is. */
import { grown, isolate } from './intrinsics.js';

/** The initial array of empty lists; its elements are of the same kind as those of others. */
const EMPTY: undefined[] = new Array(1);
EMPTY[0] = undefined;

/**
 * One place is always free, so nothing is ever stored in EMPTY, which all lists share, but what it holds: undefined.
 */
export class Fifo<T> {
  declare items: (T | undefined)[];
  declare head: number;
  declare length: number;

  constructor() {
    this.items = EMPTY;
    this.head = 0;
    this.length = 0;
  }

  push(item: T): void {
    const items = this.items;
    if (this.length + 1 >= items.length) this.grow();
    this.items[(this.head + this.length) & (this.items.length - 1)] = item;
    this.length++;
  }

  /** The first item, taken out. The list must not be empty. */
  shift(): T {
    const items = this.items;
    const item = items[this.head] as T;
    items[this.head] = undefined;
    this.head = (this.head + 1) & (items.length - 1);
    this.length--;
    return item;
  }

  peek(): T {
    return this.items[this.head] as T;
  }

  grow(): void {
    const old = this.items;
    const size = old.length;
    const items: (T | undefined)[] = grown(EMPTY, size === 1 ? 4 : size * 2);
    for (let i = 0; i < this.length; i++) items[i] = old[(this.head + i) & (size - 1)];
    this.items = items;
    this.head = 0;
  }
}

isolate(Fifo);
