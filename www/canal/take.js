/** The slider's places and what each means: shut, so many rows a second, or as fast as it goes. */

import { formatCount } from '../units.js';

/** The slider's last place. */
export const WIDE_OPEN = 24;
/** Rows a second of its second place and of its last but one. */
const LEAST = 2000;
const MOST = 500_000;

/** @param {number} place 0 to WIDE_OPEN @returns {number} rows a second; 0 takes none, Infinity has no limit */
export function rateOf(place) {
  if (place <= 0) return 0;
  if (place >= WIDE_OPEN) return Infinity;
  const rate = LEAST * (MOST / LEAST) ** ((place - 1) / (WIDE_OPEN - 2));
  const unit = 10 ** (Math.floor(Math.log10(rate)) - 1);
  return Math.round(rate / unit) * unit;
}

/** How far the consumer's gate is open at a place, 0 to 1. */
export const openingOf = (place) => (place <= 0 ? 0 : 0.15 + 0.85 * (place / WIDE_OPEN));

/** @param {number} rate rows a second @returns {string} */
export function describeRate(rate) {
  if (rate === 0) return 'nothing: the gate is shut';
  return rate === Infinity ? 'as fast as it goes' : `${formatCount(rate)} rows a second`;
}
