/** The fields of HTTP that a resume depends on, read as RFC 9110 spells them. */

/** Of a `Content-Range` in bytes. */
export interface ContentRange {
  first: number | undefined;
  last: number | undefined;
  /** Undefined for `*`. */
  complete: number | undefined;
}

/** One range of bytes of a `Range`: `first` on, to `last` where that is given; or the last `suffix` bytes. */
export interface Range {
  first?: number | undefined;
  last?: number | undefined;
  suffix?: number | undefined;
}

/** What tells one version of a file from another. */
export interface Validators {
  tag: string | undefined;
  date: string | undefined;
  /** Which of the two says that not one byte differs. */
  strong: 'tag' | 'date' | undefined;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** Milliseconds since 1970 of a date in any of the three forms (section 5.6.7); NaN of anything else. */
export function parseHttpDate(text: string | null | undefined): number {
  const [, day, month, year, time] =
    /^\w+, (\d\d)[ -](\w{3})[ -](\d{4}|\d\d) (\d\d:\d\d:\d\d) GMT$/.exec(text as string) ?? [];
  if (day !== undefined) return utc(year!, month!, day, time!);
  const [, theMonth, theDay, theTime, theYear] =
    /^\w{3} (\w{3}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/.exec(text as string) ?? [];
  return theDay === undefined ? NaN : utc(theYear!, theMonth!, theDay, theTime!);
}

function utc(year: string, month: string, day: string, time: string): number {
  const index = MONTHS.indexOf(month);
  if (index % 3 !== 0) return NaN;
  const [hours, minutes, seconds] = time.split(':').map(Number) as [number, number, number];
  const at = (fullYear: number) => Date.UTC(fullYear, index / 3, Number(day), hours, minutes, seconds);
  if (year.length === 4) return at(Number(year));
  // Two digits: the last such year, unless that is less than 50 years ahead.
  const ahead = new Date().getUTCFullYear() + 50;
  return at(ahead - ((ahead - Number(year)) % 100));
}

/** The value of `Content-Length`, which may be repeated (section 8.6); undefined where it is none. */
export function parseLength(text: string | null): number | undefined {
  const [, digits] = /^(\d+)(?:[ \t]*,[ \t]*\1)*$/.exec(text ?? '') ?? [];
  return whole(digits);
}

const whole = (digits: string | undefined) =>
  digits !== undefined && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined;

/**
 * `{ first, last, complete }` of a `Content-Range` in bytes (section 14.4): `complete` is undefined for `*`, `first` and `last` are
 * for an unsatisfied range. Undefined where the field is absent, invalid or of another unit.
 */
export function parseContentRange(text: string | null): ContentRange | undefined {
  const [all, one, two, three] = /^bytes[ \t]+(?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i.exec(text ?? '') ?? [];
  const [first, last, complete] = [one, two, three].map(whole);
  if (all === undefined || (three !== '*' && complete === undefined)) return undefined;
  if (one === undefined) return complete === undefined ? undefined : { first, last, complete };
  if (first === undefined || last === undefined || last < first || complete! <= last) return undefined;
  return { first, last, complete };
}

/** `{ first, last }` or `{ suffix }` of a `Range` with one range of bytes (section 14.1.2); undefined of any other. */
export function parseRange(text: string): Range | undefined {
  const [all, one, two] = /^bytes=[ \t,]*(\d*)-(\d*)[ \t,]*$/i.exec(text) ?? [];
  if (all === undefined || (one === '' && two === '')) return undefined;
  const [first, last] = [one, two].map((digits) => (digits === '' ? undefined : whole(digits)));
  if ((one !== '' && first === undefined) || (two !== '' && last === undefined) || last! < first!) return undefined;
  return one === '' ? { suffix: last } : { first, last };
}

/** Milliseconds that a response asks to wait (section 10.2.3); undefined where it does not say. */
export function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const now = parseHttpDate(headers.get('date'));
  const wait = parseHttpDate(text) - (Number.isNaN(now) ? Date.now() : now);
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Whether a body is compressed, or otherwise not sent as it is. */
export const isEncoded = (headers: Headers): boolean =>
  !/^[ \t]*(identity[ \t]*)?$/i.test(headers.get('content-encoding') ?? '');

/**
 * What tells one version of a file from another. `strong` is `tag`, `date` or undefined: which of the two says that not one byte
 * differs. A date does when the response was made at least a second after it (section 8.8.2.2).
 */
export function validatorsOf(headers: Headers): Validators {
  const tag = headers.get('etag') ?? undefined;
  const date = headers.get('last-modified') ?? undefined;
  const isStrongTag = tag !== undefined && /^"[^"\s]*"$/.test(tag);
  const isStrongDate = parseHttpDate(headers.get('date')) - parseHttpDate(date) >= 1000;
  return { tag, date, strong: isStrongTag ? 'tag' : isStrongDate ? 'date' : undefined };
}

/**
 * Whether `now` is of the same version as `first`, which has a strong validator: true, false, or undefined where it does not say.
 * A response to `If-Range` with a date need not repeat the date (section 15.3.7).
 */
export function isSameVersion(first: Validators, now: Validators, ifRange: boolean): boolean | undefined {
  if (first.strong === 'tag') return now.tag === undefined ? undefined : now.tag === first.tag;
  if (first.tag !== undefined && now.tag !== undefined && now.tag !== first.tag) return false;
  if (now.date === undefined) return ifRange ? true : undefined;
  return parseHttpDate(now.date) === parseHttpDate(first.date);
}
