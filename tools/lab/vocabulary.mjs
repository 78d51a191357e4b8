/**
 * The words of the lab's file. They are chosen to need a real parser: separators, quotes and line breaks inside quoted
 * fields, empty fields of both kinds, and UTF-8 sequences of two, three and four bytes.
 *
 * Changing a word changes every file's bytes and so the golden digests of the tests.
 */

/** Sixteen cities; a power of two so that four random bits choose one. */
export const CITIES = [
  'London',
  'New York, NY',
  'São Paulo',
  'Zürich',
  '東京',
  'Kraków',
  'Reykjavík',
  'Nairobi',
  'मुंबई',
  'Québec',
  'Washington, "D.C."',
  'Αθήνα',
  'Oslo',
  'Cape Town',
  'Łódź',
  'Lima',
];

/** Sixteen products. */
export const PRODUCTS = [
  'Anchor chain',
  'Bilge pump',
  'Brass cleat',
  '27" porthole',
  'Rope, braided',
  'Signal flag',
  'Sextant',
  'Life jacket (M)',
  'Tide table',
  'Barometer "Fitzroy"',
  'Oilskin coat',
  'Compass',
  'Tar, 5 kg',
  'Deck brush',
  'Fender',
  'Lantern',
];

/** Thirty-two notes; half are empty, as in most files. */
export const NOTES = [
  ...Array(15).fill(''),
  'paid',
  'gift wrap',
  'call before delivery',
  'fragile, this side up',
  'customer said "fine"',
  'leave at the gate\r\nring twice',
  'first line\nsecond line',
  '"',
  ',',
  'naïve café order',
  'größere Menge möglich',
  '北の港へ配送',
  '📦 two parcels',
  'two days late, "sorry", 10 % off\nrefunded',
  'second delivery after the first one came back unopened',
  'ok',
  'invoice to the harbour office, quay 4',
];

/** Writes one field as RFC 4180 has it: quoted only where it must be. */
export function quote(field) {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
