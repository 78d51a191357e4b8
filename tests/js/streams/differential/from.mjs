/** Programs over ReadableStream.from(), of a synchronous or asynchronous iterator that follows a script. */
import { makeCall, makeScripts, pick } from './program.mjs';

const CALLS = ['read', 'read', 'read', 'settle', 'settle', 'look'];
const ENDS = ['cancel', 'releaseLock'];

export function makeProgram(next) {
  const call = () => makeCall(next, pick(next, next(10) === 0 ? ENDS : CALLS));
  const isAsync = next(2) === 0;
  return {
    isAsync,
    length: next(8),
    // The reference implementation closes no synchronous iterator before its first step; the Web Platform Tests look at those.
    hasReturn: isAsync && next(4) > 0,
    values: Array.from({ length: 8 }, () =>
      pick(next, ['plain', 'plain', 'plain', 'promise', 'rejection', 'no object']),
    ),
    scripts: makeScripts(next, call),
    calls: [['getReader', 0, 0, 0, false], ...Array.from({ length: 3 + next(20) }, call)],
  };
}

export function create({ ReadableStream }, program, environment, observer) {
  let count = 0;
  const { isAsync, length, values, hasReturn } = program;
  const iterator = {
    next() {
      const n = count++;
      const done = n >= length;
      const kind = values[n % values.length];
      const called = observer.called('next', n);
      const value =
        kind === 'promise' ? Promise.resolve(n) : kind === 'rejection' && !isAsync ? Promise.reject(`value ${n}`) : n;
      const result = kind === 'no object' ? n : { value, done };
      if (!isAsync) return result;
      return called === undefined ? result : called.then(() => result);
    },
  };
  if (hasReturn) {
    iterator.return = (reason) => {
      const called = observer.called('return', reason);
      const result = { value: undefined, done: true };
      return isAsync && called !== undefined ? called.then(() => result) : result;
    };
  }
  environment.readable = ReadableStream.from({ [isAsync ? Symbol.asyncIterator : Symbol.iterator]: () => iterator });
}

export function perform(environment, observer, [name, argument]) {
  const { readable, reader } = environment;
  if (readable === undefined) return;
  const act = {
    settle: () => observer.settle(argument),
    getReader() {
      environment.reader = readable.getReader();
      observer.watch('closed', environment.reader.closed);
    },
    read: () => reader && observer.watch('read', reader.read()),
    cancel: () => observer.watch('cancelled', reader ? reader.cancel(argument) : readable.cancel(argument)),
    releaseLock() {
      reader?.releaseLock();
      environment.reader = undefined;
    },
    look: () => observer.note(`locked ${readable.locked}`),
  };
  observer.attempt(name, act[name]);
}
