/** Parses the HTTP fields that a resume depends on. Sections are of RFC 9110: https://www.rfc-editor.org/rfc/rfc9110 */

/** The value of a `Content-Range` in bytes (section 14.4). */
export interface ContentRange {
  /** The first byte of the part; undefined in an unsatisfied range. */
  first: number | undefined;
  /** The last byte of the part, included; undefined in an unsatisfied range. */
  last: number | undefined;
  /** The bytes of the whole file; undefined for `*`. */
  complete: number | undefined;
}

/**
 * The range of a `Range` field (section 14.1.2): from byte `first` to byte `last`, or to the end without `last`; or the
 * last `suffix` bytes.
 */
export interface Range {
  first?: number | undefined;
  last?: number | undefined;
  suffix?: number | undefined;
}

/** The fields that distinguish two versions of a file. */
export interface Validators {
  /** `ETag` */
  tag: string | undefined;
  /** `Last-Modified` */
  date: string | undefined;
  /** The one of the two that is strong: equal values mean that every byte is equal. */
  strong: 'tag' | 'date' | undefined;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** Parses a date in any of the three formats (section 5.6.7) to milliseconds since 1970. NaN for any other text. */
function parseHttpDate(text: string | null | undefined): number {
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
  // Two digits mean the latest year that ends with them and is at most 50 years ahead.
  const ahead = new Date().getUTCFullYear() + 50;
  return at(ahead - ((ahead - Number(year)) % 100));
}

/** Parses a `Content-Length`, whose value may be repeated (section 8.6). Undefined if it is absent or invalid. */
export function parseLength(text: string | null): number | undefined {
  const [, digits] = /^(\d+)(?:[ \t]*,[ \t]*\1)*$/.exec(text ?? '') ?? [];
  return whole(digits);
}

const whole = (digits: string | undefined) =>
  digits !== undefined && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined;

/** Parses a `Content-Range`. Undefined if it is absent, invalid or of another unit than bytes. */
export function parseContentRange(text: string | null): ContentRange | undefined {
  const [all, one, two, three] = /^bytes[ \t]+(?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i.exec(text ?? '') ?? [];
  const [first, last, complete] = [one, two, three].map(whole);
  if (all === undefined || (three !== '*' && complete === undefined)) return undefined;
  if (one === undefined) return complete === undefined ? undefined : { first, last, complete };
  if (first === undefined || last === undefined || last < first || complete! <= last) return undefined;
  return { first, last, complete };
}

/** Parses a `Range` of one range of bytes. Undefined for any other. */
export function parseRange(text: string): Range | undefined {
  const [all, one, two] = /^bytes=[ \t,]*(\d*)-(\d*)[ \t,]*$/i.exec(text) ?? [];
  if (all === undefined || (one === '' && two === '')) return undefined;
  const [first, last] = [one, two].map((digits) => (digits === '' ? undefined : whole(digits)));
  if ((one !== '' && first === undefined) || (two !== '' && last === undefined) || last! < first!) return undefined;
  return one === '' ? { suffix: last } : { first, last };
}

/**
 * The wait that the `Retry-After` of a response asks for, in milliseconds (section 10.2.3). Undefined if the field is
 * absent or invalid.
 */
export function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const now = parseHttpDate(headers.get('date'));
  const wait = parseHttpDate(text) - (Number.isNaN(now) ? Date.now() : now);
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Whether the body has a content coding, such as gzip (section 8.4). */
export const isEncoded = (headers: Headers): boolean =>
  !/^[ \t]*(identity[ \t]*)?$/i.test(headers.get('content-encoding') ?? '');

/**
 * The validators of a response. A date is strong if the response was made at least a second after it (section 8.8.2.2).
 */
export function validatorsOf(headers: Headers): Validators {
  const tag = headers.get('etag') ?? undefined;
  const date = headers.get('last-modified') ?? undefined;
  const isStrongTag = tag !== undefined && /^"[^"\s]*"$/.test(tag);
  const isStrongDate = parseHttpDate(headers.get('date')) - parseHttpDate(date) >= 1000;
  return { tag, date, strong: isStrongTag ? 'tag' : isStrongDate ? 'date' : undefined };
}

/**
 * Whether `now` is of the same version of the file as `first`, which has a strong validator. Undefined if `now` has no
 * validator to compare.
 *
 * @param ifRange whether `now` is of a response to `If-Range`, which need not repeat the date (section 15.3.7)
 */
export function isSameVersion(first: Validators, now: Validators, ifRange: boolean): boolean | undefined {
  if (first.strong === 'tag') return now.tag === undefined ? undefined : now.tag === first.tag;
  if (first.tag !== undefined && now.tag !== undefined && now.tag !== first.tag) return false;
  if (now.date === undefined) return ifRange ? true : undefined;
  return parseHttpDate(now.date) === parseHttpDate(first.date);
}
