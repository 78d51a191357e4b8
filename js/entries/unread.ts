/** The contents of a list of entries that nobody has opened yet. */
import { isAnyNodeReadable, isBody, isReadableStreamLike } from '../bridge/kinds.js';
import { streamOfNodeReadable } from '../pipeline/node-streams.js';

export class Unread {
  #contents: readonly unknown[];
  #begun = 0;

  /** @param contents in the order in which they are opened. A promise that rejects before it is opened is no unhandled rejection */
  constructor(contents: readonly unknown[]) {
    this.#contents = contents;
    for (const content of contents) if (content instanceof Promise) content.catch(() => {});
  }

  /** It is the next one's turn; what was before it has been read. One that has been opened is locked, and its opener's. */
  begin(): void {
    this.#begun += 1;
  }

  /** Cancels those that are left, with that whose turn it is, if it has not been opened. */
  cancel(reason: unknown): void {
    const left = this.#contents.slice(Math.max(0, this.#begun - 1));
    this.#contents = [];
    for (const content of left) void cancelled(content, reason).catch(() => {});
  }
}

async function cancelled(content: unknown, reason: unknown): Promise<void> {
  if (content instanceof Promise) return cancelled(await content, reason);
  if (isReadableStreamLike(content)) {
    if (!content.locked) await content.cancel(reason);
  } else if (isBody(content)) {
    if (content.body?.locked === false) await content.body.cancel(reason);
  } else if (isAnyNodeReadable(content)) {
    await streamOfNodeReadable(content).cancel(reason);
  }
}
