/**
 * What the server of a socket sees at each end of a pipeline, in every engine and with the package ws alike: the table of docs/ends/from-web-socket.md and
 * docs/ends/to-web-socket.md.
 */
const endless = async function* () {
  for (;;) {
    yield 'x';
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const first = async (all) => void (await all.next());
const never = async (all) => {
  for await (const one of all) void one;
};
async function cancelled(stream, ...reason) {
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel(...reason);
}
const fail = (error) => () => {
  throw error;
};
const long = `${'é'.repeat(60)}ab🌊🌊`; // 122 bytes before the first wave, which would be cut after its first byte

/** Aborts `signal` with what is given once the connection is open. */
const abortedWith =
  (...reason) =>
  (run) =>
  async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(...reason), 100);
    await run(controller.signal);
  };

/**
 * `[what, run(), code, reason]` for each.
 *
 * @param {typeof import('tidegate')} tidegate
 * @param {(options?: any) => any} from a source over a new socket that the server sends to, without end
 * @param {() => any} to a sink into one
 */
export function closes({ pipeline, toArray }, from, to) {
  const reading = (signal) => pipeline(from(), never, { signal });
  const writing = (signal) => pipeline(endless(), to(), { signal });
  const both = ([what, by, code, reason]) => [
    [`fromWebSocket whose pipeline is ${what}`, by(reading), code, reason],
    [`toWebSocket whose pipeline is ${what}`, by(writing), code, reason],
  ];
  return [
    ['fromWebSocket whose consumer has had enough', () => pipeline(from(), first), 1000, ''],
    ['fromWebSocket that is cancelled', () => cancelled(from()), 1000, ''],
    ['fromWebSocket that is cancelled with a reason', () => cancelled(from(), 'no room'), 4000, 'no room'],
    [
      'fromWebSocket whose pipeline fails in a stage',
      () => pipeline(from(), fail(new Error('broken')), never),
      4000,
      'broken',
    ],
    [
      'fromWebSocket whose signal is aborted',
      abortedWith(new Error('leaving'))((signal) => toArray(from({ signal }))),
      4000,
      'leaving',
    ],
    ['toWebSocket whose source ends', () => pipeline(['x'], to()), 1000, ''],
    [
      'toWebSocket whose source fails',
      () =>
        pipeline(
          (async function* () {
            yield 'x';
            throw new Error('broken');
          })(),
          to(),
        ),
      4000,
      'broken',
    ],
    [
      'toWebSocket that is given a chunk it does not take',
      () => pipeline(['x', 5], to()),
      4000,
      'toWebSocket(): chunks must be strings, bytes or Blobs; got number. Convert them in a stage, such as JSON.stringify',
    ],
    ...both(['aborted with an error', abortedWith(new Error('leaving')), 4000, 'leaving']),
    ...both(['aborted with a string', abortedWith('leaving'), 4000, 'leaving']),
    ...both(['aborted without a reason', abortedWith(), 4000, 'aborted']),
    ...both(['aborted with what is no text', abortedWith(Object.create(null)), 4000, '']),
    ...both(['aborted with a long text', abortedWith(new Error(long)), 4000, long.slice(0, 62)]),
  ];
}
