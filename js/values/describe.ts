/** Describes in a few words what a caller passed, for error messages. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function';
  if (typeof value !== 'object') return typeof value;
  if (Array.isArray(value)) return 'an array';
  const name = value.constructor?.name;
  if (typeof name !== 'string' || name === '' || name === 'Object') {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an object without keys' : `an object with the keys ${keys.slice(0, 5).join(', ')}`;
  }
  return `${/^[AEIO]/i.test(name) ? 'an' : 'a'} ${name}`;
}
