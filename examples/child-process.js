import { spawn } from 'node:child_process';
import { forEach, map, pipeline } from 'tidegate';
import { lines } from 'tidegate/codecs';

/** How much of the standard error output an error message quotes, in characters. */
const QUOTED = 2000;
/** How long a program may take to end after SIGTERM, in milliseconds. */
const GRACE = 2000;

/** A source for `pipeline()`: the standard output of a program. An exit code other than 0 or a signal fails the pipeline. */
export function fromProgram(command, args) {
  return async function* ({ signal }) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((resolve, reject) => {
      child.on('error', reject); // the program cannot be started
      child.on('close', (code, killedBy) => resolve({ code, killedBy }));
    });
    ended.catch(() => {}); // awaited below, unless the pipeline ends first
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-QUOTED)));

    // The signal is aborted whenever the pipeline ends before the program does.
    signal.addEventListener('abort', () => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (!child.kill()) return; // it has ended
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
      child.on('exit', () => clearTimeout(timer));
    });

    yield* child.stdout;
    const { code, killedBy } = await ended;
    if (code === 0) return;
    const how = killedBy ? `was ended by ${killedBy}` : `ended with exit code ${code}`;
    throw Object.assign(new Error(`${command} ${how}. Its last words: ${said.trim()}`), { code, signal: killedBy });
  };
}

/** Runs a program that prints one JSON value a line, and calls `handle` with each value. */
export async function eachJsonLine(command, args, handle, { signal } = {}) {
  const parse = map((line, { index }) => {
    try {
      return JSON.parse(line);
    } catch (cause) {
      throw new Error(`Line ${index + 1} of ${command} is no JSON: ${line.slice(0, 100)}`, { cause });
    }
  });
  await pipeline(fromProgram(command, args), lines(), parse, forEach(handle), { signal });
}
