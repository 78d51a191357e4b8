/**
 * Sizes and numbers as people write and read them. Shared by the page, the server, the job and the tests.
 *
 * Units are decimal (1 MB = 1,000,000 bytes), as in network and disk figures; KiB, MiB and GiB are understood too.
 */

const FACTORS = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/**
 * Reads a size such as "256MB", "1 GB", "64KiB" or "1500".
 *
 * @param {string | number} text
 * @returns {number} whole bytes
 * @throws {RangeError} when the text is no size or has a fraction of a byte
 */
export function parseSize(text) {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMG]?i?B|)\s*$/i.exec(String(text));
  if (!match) throw new RangeError(`"${text}" is not a size; write it as 256MB, 1GB or a number of bytes`);
  const bytes = Number(match[1]) * FACTORS[match[2].toUpperCase()];
  if (!Number.isSafeInteger(bytes)) throw new RangeError(`"${text}" is not a whole number of bytes`);
  return bytes;
}

/**
 * Bytes in at most four characters and a unit: "64 KB", "1.25 GB".
 *
 * @param {number} bytes
 * @returns {string}
 */
export function formatBytes(bytes) {
  if (!Number.isFinite(bytes)) return '–';
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/**
 * A count with separators: "1,234,567".
 *
 * @param {number} value
 * @returns {string}
 */
export function formatCount(value) {
  return Math.round(value).toLocaleString('en-US');
}

/**
 * A rate in at most four characters and a unit: "950", "4.2 k", "1.5 M".
 *
 * @param {number} perSecond
 * @returns {string}
 */
export function formatRate(perSecond) {
  if (perSecond < 999.5) return String(Math.round(perSecond));
  const [value, unit] = perSecond < 999_500 ? [perSecond / 1e3, 'k'] : [perSecond / 1e6, 'M'];
  return `${value.toFixed(value < 9.95 ? 1 : 0).replace(/\.0$/, '')} ${unit}`;
}

/**
 * Whole cents as an amount with two decimals: 123456 is "1,234.56".
 *
 * @param {number} cents
 * @returns {string}
 */
export function formatCents(cents) {
  const whole = Math.trunc(cents / 100);
  return `${whole.toLocaleString('en-US')}.${String(Math.abs(cents % 100)).padStart(2, '0')}`;
}

/**
 * A duration in plain words: "8 s", "2 min 5 s", "1 h 12 min".
 *
 * @param {number} seconds
 * @returns {string}
 */
export function formatDuration(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
