/**
 * Programs over a pipe: from a source of either kind, through transforms or none, to a sink. How far each part is at a given
 * microtask is not compared (chunks move in bursts here), only what each part sees, and how all ends; so the source gives a chunk
 * a turn of the event loop.
 */
import { makeCall, makeScripts, pick } from './program.mjs';

const CALLS = ['enqueue', 'enqueue', 'enqueue', 'settle', 'settle', 'settle', 'look'];
const ENDS = ['close', 'error', 'sink.error', 'abort signal', 'cancel', 'abort', 'transform.error', 'terminate'];
const WAITING = ['write', 'write', 'write', 'transform 1', 'transform 1', 'transform 2', 'close', 'abort', 'cancel'];
const MARKS = [0, 1, 1, 2, 5, Infinity];

/** The part that an event belongs to. */
export const partOf = (event) => event.match(/^\w+( \d)?/)[0];

export function makeProgram(next) {
  const call = () => makeCall(next, pick(next, next(7) === 0 ? ENDS : CALLS)).slice(0, 4);
  return {
    bytes: next(4) === 0,
    marks: [pick(next, MARKS), pick(next, [1, 1, 2, 5]), pick(next, MARKS), pick(next, MARKS)],
    transforms: next(3),
    size: next(4) === 0,
    pull: next(3) > 0,
    length: next(9),
    prevent: { preventClose: next(5) === 0, preventAbort: next(5) === 0, preventCancel: next(5) === 0 },
    signal: next(3) === 0,
    early: Array.from({ length: next(3) }, call),
    scripts: makeScripts(next, call, { throws: Infinity }).map(({ gives }) => ({
      calls: [],
      gives: gives === 'rejection' ? undefined : gives,
    })),
    // One part fails, if any: of two in one turn either may be first.
    fails: pick(next, [undefined, undefined, 'write', 'transform 1', 'close', 'cancel', 'abort']),
    failsAt: 1 + next(5),
    rejects: next(2) === 0,
    calls: Array.from({ length: 3 + next(25) }, call),
  };
}

export function create({ ReadableStream, TransformStream, WritableStream }, program, environment, observer) {
  const [sourceMark, sinkMark, writableMark, readableMark] = program.marks;
  let failures = 0;
  /** What a callback of the part `name` gives. */
  const called = (name, argument) => {
    const result = observer.called(name, argument);
    if (name !== program.fails || ++failures !== program.failsAt) return result;
    if (program.rejects) return Promise.reject(`rejected by ${name}`);
    throw `thrown by ${name}`;
  };
  environment.bytes = program.bytes;
  environment.abort = new AbortController();
  const source = {
    type: program.bytes ? 'bytes' : undefined,
    start(controller) {
      environment.source = controller;
    },
    cancel: (reason) => called('cancel', reason),
  };
  let given = 100;
  let asked = false;
  if (program.pull) {
    source.pull = (controller) => {
      if (asked) return;
      asked = true;
      setImmediate(() => {
        asked = false;
        try {
          if (given === 100 + program.length) controller.close();
          else controller.enqueue(program.bytes ? new Uint8Array([given++]) : given++);
        } catch {
          // It has ended, and pull() was called before that.
        }
      });
    };
  }
  environment.readable = new ReadableStream(source, { highWaterMark: sourceMark });
  const strategy = { highWaterMark: sinkMark };
  if (program.size) strategy.size = () => 1 + (given % 3);
  environment.writable = new WritableStream(
    {
      start(controller) {
        environment.sink = controller;
      },
      write: (chunk) => called('write', chunk),
      close: () => called('close'),
      abort: (reason) => called('abort', reason),
    },
    strategy,
  );
  const pairs = [];
  const options = program.signal ? { ...program.prevent, signal: environment.abort.signal } : program.prevent;
  for (let n = 1; n <= program.transforms; n++) {
    const pair = new TransformStream(
      {
        start(controller) {
          environment.transform = controller;
        },
        transform(chunk, controller) {
          const result = called(`transform ${n}`, chunk);
          observer.attempt('transform enqueue', () => controller.enqueue(chunk));
          return result;
        },
      },
      { highWaterMark: writableMark },
      { highWaterMark: readableMark },
    );
    pairs.push(pair);
  }
  // All parts start before they are joined.
  return () => {
    for (const call of program.early) perform(environment, observer, call);
    const stream = pairs.reduce((from, pair) => from.pipeThrough(pair, options), environment.readable);
    observer.watch('pipeTo', stream.pipeTo(environment.writable, options));
  };
}

export function perform(environment, observer, [name, argument]) {
  const { readable, writable, source, sink, transform, bytes } = environment;
  if (writable === undefined || sink === undefined) return;
  const act = {
    settle: () => observer.settle(WAITING[argument]),
    enqueue: () => source.enqueue(bytes ? new Uint8Array([argument]) : argument),
    close: () => source.close(),
    error: () => source.error(argument),
    'sink.error': () => sink.error(argument),
    'abort signal': () => environment.abort.abort(argument),
    cancel: () => observer.watch('cancelled', readable.cancel(argument)),
    abort: () => observer.watch('aborted', writable.abort(argument)),
    'transform.error': () => transform?.error(argument),
    terminate: () => transform?.terminate(),
    look: () => observer.note(`locked ${readable.locked} ${writable.locked}`),
  };
  observer.attempt(name, act[name]);
}
