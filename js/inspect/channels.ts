/**
 * Producers that go on although `write()` of a channel has returned false, or a promise that still waits. A channel has room for what comes
 * until a producer has paused, so it is a mistake only where that room does not do: the channel fails, or as many writes wait as no
 * number of producers would have under way.
 */
import { C_BLOCK, C_OVERFLOW, FIGURE_CHUNKS, FIGURE_MARK, FIGURE_SIZE } from '../core/effects.js';
import { ChannelImpl } from '../machines/channel.js';
import { amount } from './bottleneck.js';
import { bytesHeld, bytesIn, figureOf, weigh } from './figures.js';
import { placeHere } from './places.js';
import type { BlockedWrite } from '../machines/channel.js';
import type { Found } from './mistakes.js';

/** Writes that wait at once. */
const MOST = 1024;

/** Functions whose producer is the page. That of the others is a source of ours, which says what it cannot pause. */
const OF_PAGE = new Set(['channel', 'fromEvents']);

type Tell = (found: Omit<Found, 'stack'>, stack: string | undefined) => void;

/** Watches what `channel` does with what is written to it. */
export function watchChannel(channel: ChannelImpl, tell: Tell): void {
  const { write } = ChannelImpl.prototype;
  let isTold = !OF_PAGE.has(channel.caller);
  channel.write = function (chunk, size, retried) {
    const effects = write.call(this, chunk, size, retried);
    if (isTold || retried !== undefined) return effects;
    if (effects & C_OVERFLOW) {
      isTold = true;
      overflows(this, tell);
    } else if (effects & C_BLOCK && this.blocked.length >= MOST) {
      isTold = true;
      waits(this, tell);
    }
    return effects;
  };
}

function overflows({ stream }: ChannelImpl, tell: Tell): void {
  // A chunk that is larger than the room left fails it as well, although there was room for another.
  if (figureOf(stream, FIGURE_SIZE) < figureOf(stream, FIGURE_MARK)) return;
  const bytes = bytesHeld(stream);
  const held = bytes > 0 ? ` (${amount(bytes)})` : '';
  const message = `A channel fails because its producer went on after write() had returned false: ${figureOf(stream, FIGURE_CHUNKS)} chunks${held} in the queue are lost.`;
  const fix =
    "Pause the producer when write() returns false, until the event drain (of fromEvents(): the options pause and resume); where chunks may be lost, choose overflow: 'drop-oldest' or 'drop-newest'.";
  tell({ kind: 'false ignored', message, fix, bytes }, placeHere(true));
}

function waits({ blocked }: ChannelImpl, tell: Tell): void {
  const bytes = bytesIn(blocked, (one) => weigh((one as BlockedWrite).chunk));
  const held = bytes > 0 ? ` (${amount(bytes)})` : '';
  const message = `The producer of a channel goes on although write() has returned a promise: ${blocked.length} writes${held} wait beyond the capacity.`;
  const fix = 'Await what write() returns before the next write.';
  tell({ kind: 'false ignored', message, fix, bytes }, placeHere(true));
}
