/**
 * The boundary of a multipart body, and the lines that it makes: RFC 2046, 5.1.1
 * (https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1).
 */
import { shown } from '../values/require.js';
import { parseFields } from './fields.js';

/** The characters that may be in a boundary; a space may not end it. */
const ALLOWED = /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/;

/** @throws {TypeError} if it cannot be one */
export function requireBoundary(boundary: unknown, what: string): string {
  if (typeof boundary === 'string' && ALLOWED.test(boundary)) return boundary;
  throw new TypeError(
    `${what} must be 1 to 70 letters, digits or characters of '()+_,-./:=? and not end with a space; got ${shown(boundary)}`,
  );
}

/** What the content type of a multipart body says. */
export interface MultipartType {
  readonly boundary: string;
  /** Whether it is a form, whose parts have names. */
  readonly isForm: boolean;
}

/** @throws {TypeError} if it is not that of a multipart body, has no boundary or two, or cannot be read */
export function parseContentType(contentType: unknown, what: string): MultipartType {
  const advice = "must be that of the request, such as 'multipart/form-data; boundary=…'";
  if (typeof contentType !== 'string') throw new TypeError(`${what} ${advice}; got ${shown(contentType)}`);
  const { value, parameters } = parseFields(
    contentType,
    (why) => new TypeError(`${what} ${why}; got ${shown(contentType)}`),
  );
  if (!value.startsWith('multipart/')) throw new TypeError(`${what} ${advice}; got ${shown(contentType)}`);
  const boundary = parameters.get('boundary');
  if (boundary === undefined) throw new TypeError(`${what} has no boundary; got ${shown(contentType)}`);
  return { boundary: requireBoundary(boundary, `${what}: the boundary`), isForm: value === 'multipart/form-data' };
}

/** A boundary that no content has by accident, and nobody can guess. */
export function randomBoundary(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return `----tidegate-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
