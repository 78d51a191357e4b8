/** A name in a message. */
export const quoted = (name: string): string => `'${name.length > 128 ? `${name.slice(0, 128)}…` : name}'`;
