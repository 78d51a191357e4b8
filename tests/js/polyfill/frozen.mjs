/** Freezes all that is reachable from the global object's classes, as a lockdown of the realm does. */
const NAMES = [
  ...['Object', 'Function', 'Array', 'Promise', 'Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'FinalizationRegistry'],
  ...[
    'Error',
    'TypeError',
    'RangeError',
    'SyntaxError',
    'AggregateError',
    'DOMException',
    'Symbol',
    'String',
    'Number',
  ],
  ...[
    'Boolean',
    'BigInt',
    'RegExp',
    'Date',
    'Math',
    'JSON',
    'Reflect',
    'Proxy',
    'ArrayBuffer',
    'DataView',
    'Uint8Array',
  ],
  ...['AbortController', 'AbortSignal', 'Event', 'EventTarget', 'MessageChannel', 'MessagePort', 'MessageEvent'],
  ...['ReadableStream', 'WritableStream', 'TransformStream', 'Response', 'Request', 'Blob', 'WebAssembly'],
];

export function freezeGlobals() {
  const seen = new Set([globalThis]);
  const queue = NAMES.map((name) => globalThis[name]);
  queue.push(
    async () => {},
    function* () {},
    async function* () {},
  );
  while (queue.length > 0) {
    const object = queue.pop();
    if (object === null || !['object', 'function'].includes(typeof object) || seen.has(object)) continue;
    seen.add(object);
    if (ArrayBuffer.isView(object)) continue;
    Object.freeze(object);
    queue.push(Object.getPrototypeOf(object));
    for (const { get, set, value } of Object.values(Object.getOwnPropertyDescriptors(object)))
      queue.push(get, set, value);
  }
}
