/** Channels: what is written is what is read. */
import { channel, fromEvents, ReadableStream } from 'tidegate';
import type { ChannelCounts } from 'tidegate';
import type { Equal, Expect } from './expect.js';

const events = channel<{ at: number }>({ size: (chunk) => chunk.at, overflow: 'block' });
export const answer = events.write({ at: 1 });
events.addEventListener('drain', () => events.end());

const clicks = fromEvents<number>(new EventTarget(), 'click', {
  map: (event: Event) => event.timeStamp,
  end: ['end'],
  error: null,
});

export type Results = [
  Expect<Equal<typeof answer, boolean | Promise<boolean>>>,
  Expect<Equal<typeof events.readable, ReadableStream<{ at: number }>>>,
  Expect<Equal<typeof clicks, ReadableStream<number> & { readonly counts: ChannelCounts }>>,
];

// @ts-expect-error there is no such policy
channel({ overflow: 'drop' });
// @ts-expect-error the channel takes objects
events.write('text');
