/** Which part holds a pipeline back, and why, in one sentence. */
import { failureOf } from '../pipeline/failures.js';
import type { PartWatch } from './parts.js';
import type { RunWatch } from './runs.js';

/** The part that all others wait for. */
export interface Bottleneck {
  /** The part's number: the source is 0. Undefined where no part failed, but the signal was aborted. */
  readonly index: number | undefined;
  readonly name: string;
  /** One sentence. */
  readonly why: string;
}

/** Milliseconds without a chunk, at any part, after which a pipeline counts as standing still. */
const STILL = 250;
/** From this share of the time on, a part is what the others wait for. */
const MOST = 0.5;

/** Milliseconds as people read them. */
export const duration = (milliseconds: number): string =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** Bytes as people read them. */
export function amount(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} bytes`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} KB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A reason in words; whatever was thrown, this does not throw. */
export function reasonText(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return 'a value that cannot be shown';
  }
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Descriptions that tell nothing. */
const NAMELESS = /^(an object without keys|a function|object)$/;

/** What a part is called in a sentence. */
export function nameOf(one: PartWatch): string {
  const place = one.isSource ? 'the source' : one.isSink ? 'the sink' : `stage ${one.part.index}`;
  return NAMELESS.test(one.name) ? place : `${place} (${one.name})`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function bottleneckOf(run: RunWatch, at: number): Bottleneck | undefined {
  if (run.failure !== undefined) return failed(run);
  if (run.endedAt !== undefined || run.parts.length === 0) return undefined;
  const [source] = run.parts as [PartWatch];
  const still = at - Math.max(...run.parts.map((one) => one.moved));
  const say = (one: PartWatch, why: string): Bottleneck => ({
    index: one.part.index,
    name: one.name,
    why: `${capital(nameOf(one))} ${why}`,
  });
  if (source.output === undefined)
    return say(source, `has not begun for ${duration(at - run.began)}, and every part waits for it.`);
  if (still >= STILL) return standing(run, at, say);
  const busiest = run.parts.reduce((most, one) => (run.shareOf(one) > run.shareOf(most) ? one : most));
  const share = run.shareOf(busiest);
  if (share < MOST)
    return say(busiest, `works most, ${percent(share)} of the last second: no part holds up the others for long.`);
  return say(busiest, whyBusy(run, busiest, share));
}

function whyBusy(run: RunWatch, one: PartWatch, share: number): string {
  const worked = `of the last second`;
  if (one.isSource) return `is the slowest part: the others waited for it ${percent(share)} ${worked}.`;
  if (one.isSink)
    return `is the slowest part: it was at work ${percent(share)} ${worked}, and what is before it waits for room.`;
  return `is the slowest part: it was at work ${percent(share)} ${worked}, while what is before it waits for room and what is after it waits for chunks.`;
}

/** Nothing has moved for a while: what has a chunk, or was asked for one, is what the others wait for. */
function standing(run: RunWatch, at: number, say: (one: PartWatch, why: string) => Bottleneck): Bottleneck {
  const working = run.parts.filter((one) => one.look() === 'working');
  // A part in the middle that works is not waited for by those after it if they work too.
  const one = working.at(-1) ?? run.parts.at(-1)!;
  const since = duration(at - one.moved);
  if (one.isSource) {
    const count = one.crossing.chunks;
    return say(
      one,
      `has given nothing for ${since}${count > 0 ? ` (${count} chunks before)` : ''}, and every part waits for it.`,
    );
  }
  const { held } = run;
  const waits = held > 0 ? `${amount(held)} wait in the queues and ` : '';
  if (one.isSink) return say(one, `has taken nothing for ${since}: ${waits}the source is held back.`);
  return say(one, `has been at work on one chunk for ${since}: ${waits}what is before it waits for room.`);
}

function failed(run: RunWatch): Bottleneck {
  const { error, index } = run.failure!;
  const text = reasonText(error);
  const one = run.parts.find(({ part }) => part.index === index);
  if (one !== undefined) {
    const why = `${capital(nameOf(one))} failed with ${text}; all other parts were torn down.`;
    return { index, name: one.name, why };
  }
  const name = failureOf(error)?.name ?? 'the signal';
  return { index: undefined, name, why: `${capital(name)} ended the pipeline with ${text}; all parts were torn down.` };
}
