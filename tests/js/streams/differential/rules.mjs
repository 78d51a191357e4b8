/**
 * The differences that are expected between the package and the standard's reference implementation. The first turn of a program that
 * differs must match one of these. Each has the smallest program that shows it; one whose program does not show it any more fails the test.
 *
 * docs/ORDER.md says what they mean to a page.
 */
import { readFileSync } from 'node:fs';
import { bare, bareDifference, soonerIn } from './differences.mjs';

const programs = JSON.parse(readFileSync(new URL('./rules.json', import.meta.url), 'utf8'));

/** One of `events`, called or settled, comes sooner in ours than what it is compared with; else both saw the same, or the same with other values. */
const sooner = (name, events, reason) => ({
  name,
  kinds: ['default-streams', 'byte-streams', 'transforms', 'tees', 'from'],
  reason,
  matches: (difference) =>
    (soonerIn(difference) ?? soonerIn(bareDifference(difference)))?.some((event) => events.includes(event)) ?? false,
});

const MOVES = ['write()', 'transform()'];

/** Whether both saw the same but for events named like `pattern`, which settled otherwise. */
function changed(difference, pattern) {
  const { ours, theirs } = bareDifference(difference, (event) => event === 'pull()');
  return (
    same({ ours, theirs }) &&
    difference.ours.some((event, n) => event !== difference.theirs[n] && pattern.test(bare(event)))
  );
}

const same = ({ ours, theirs }) => ours.join() === theirs.join();

/** How many of `events` are `event`. */
const count = (events, event) => events.filter((other) => other === event).length;

export const RULES = [
  sooner(
    'a pull comes sooner',
    ['pull()'],
    'A promise that pull() returned is followed after 1 microtask, 3 in the standard.',
  ),
  sooner(
    'a sink is called sooner',
    ['write()', 'close()', 'abort()'],
    'A promise that write() or close() returned is followed after 2 microtasks, 4 in the standard; then what waits is called.',
  ),
  sooner(
    "a sink's promise settles sooner",
    ['write', 'close', 'abort', 'writer.closed', 'writer.ready'],
    'The same: what write(), close() and abort() returned is followed sooner, and then the promises of the writer settle.',
  ),
  sooner(
    "a source's promise settles sooner",
    ['cancel', 'read', 'reader.closed'],
    'A promise that cancel() returned is followed after 2 microtasks, 4 in the standard, and a rejection of pull() after 1, not 3.',
  ),
  sooner(
    'a transformer is called sooner',
    ['transform()', 'flush()', 'cancel()'],
    'The transform() before has settled, which is followed after 2 to 4 microtasks, 3 to 6 in the standard.',
  ),
  {
    name: 'a branch of a tee pulls at other times',
    kinds: ['tees'],
    reason:
      'Its pull settles when the chunk is delivered, so the source is read sooner, and may be asked more or fewer times in a turn.',
    matches(difference) {
      const { ours, theirs } = bareDifference(difference, (event) => event === 'pull()');
      const [short, long] = ours.length < theirs.length ? [ours, theirs] : [theirs, ours];
      // Where pull() reads and enqueues, one pull more is many.
      return same({ ours: short, theirs: long.slice(0, short.length) });
    },
  },
  {
    name: 'a read meets what a pull() did',
    kinds: ['tees', 'default-streams', 'byte-streams'],
    reason:
      'What pull() does is followed sooner: it fails, or releases the lock, before the read is answered and not after.',
    matches: (difference) => changed(difference, /^(read|next)$/),
  },
  {
    name: 'a callback that comes sooner does more than be called',
    kinds: ['default-streams', 'transforms'],
    reason:
      'The first event that differs is such a callback; what it calls finds another state, or has settled what the other side waits for.',
    matches({ ours, theirs }) {
      const at = ours.findIndex((event, n) => event !== theirs[n]);
      return /\)$/.test(bare(ours[at] ?? '')) && theirs.slice(at).map(bare).includes(bare(ours[at]));
    },
  },
  {
    name: 'a close has begun',
    kinds: ['transforms'],
    reason:
      'The transform() before it has settled sooner, so flush() has been called when the cancel of the same turn comes, and is not kept back.',
    matches(difference) {
      const { ours, theirs } = bareDifference(difference);
      return (
        [...ours].sort().join() === [...theirs].sort().join() &&
        difference.ours.some((event) => /^close#\d+: /.test(event))
      );
    },
  },
  {
    name: 'a late write ends otherwise',
    kinds: ['transforms'],
    reason:
      'A write that comes while the readable side is being cancelled settles before the cancel errors the writable side, or after.',
    matches: (difference) => changed(difference, /^(write|cancelled|abort|writer\.closed)$/),
  },
  {
    name: 'the reference implementation reads on',
    kinds: ['pipes'],
    reason:
      'A pipe that shuts down must not read any more; the reference implementation does where it waited for the writer to be ready.',
    matches(difference) {
      const { ours, theirs } = bareDifference(difference);
      return MOVES.some((event) => count(theirs, event) > count(ours, event));
    },
  },
  {
    name: 'a part is further when another fails',
    kinds: ['pipes'],
    reason: 'Chunks move in bursts: one may be written that the standard reads a microtask later, after the failure.',
    matches(difference) {
      const { ours, theirs } = bareDifference(difference);
      return MOVES.some((event) => count(ours, event) > count(theirs, event));
    },
  },
  {
    name: 'another of two failures is first',
    kinds: ['pipes'],
    reason: 'They come in one turn: which of them the pipe hears of first depends on the microtask.',
    matches: (difference) => same(bareDifference(difference, (event) => event === 'cancel()')),
  },
  {
    name: 'a bridge tells of an end at once',
    kinds: ['bridges'],
    reason:
      'A write through a bridge settles when there is room for more, so the end of the far stream waits for no write that is under way there.',
    matches(difference) {
      const { ours, theirs } = bareDifference(difference);
      return (
        theirs.every((event) => ours.includes(event)) &&
        ours.every((event) => theirs.includes(event) || /^(writer.closed|closing|aborted)$/.test(event))
      );
    },
  },
].map((rule) => ({ ...rule, program: programs[rule.name] }));

/** The rule that a first difference of a program of `kind` matches. */
export const ruleFor = (difference, kind) =>
  RULES.find((rule) => rule.kinds.includes(kind) && rule.matches(difference));
