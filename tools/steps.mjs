/**
 * Runs the steps of the project's commands: each says what it does, ticks while it is long, and on failure
 * ends with what failed, the tail of its output and what to do. Uses Node's own modules only.
 */
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const TICK_MS = 10_000;
const HEAD_LINES = 10;
const TAIL_LINES = 30;

/** A step that failed: `title` names it, `tail` is the end of its output, `advice` says what to do. */
export class StepError extends Error {
  constructor(title, { reason = '', tail = '', advice = '' } = {}) {
    super(reason ? `${title}: ${reason}` : title);
    this.name = 'StepError';
    this.tail = tail;
    this.advice = advice;
  }
}

const GRACE_MS = 3_000;
const ORPHAN_CHECK_MS = 500;
const children = new Set();
let signalsHandled = false;

/** Ends the running children, waits for their end and exits as `signal` would have it, so that none is left over. */
function leave(signal) {
  const exit = () => process.exit(128 + constants.signals[signal]);
  if (!children.size) exit();
  for (const child of children) {
    child.once('close', () => children.size || exit());
    child.kill(signal);
  }
  setTimeout(exit, GRACE_MS);
}

function handleSignals() {
  if (signalsHandled) return;
  signalsHandled = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, leave);
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
  });
  if (process.env.npm_lifecycle_event) leaveWithNpm();
}

/** npm passes a signal on to the shell between it and this program, which dies of it without passing it on. */
function leaveWithNpm() {
  const shell = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(check);
    leave('SIGTERM');
  }, ORPHAN_CHECK_MS).unref();
}

/** Starts a program that ends when this one does. */
export function start(command, args, options) {
  handleSignals();
  const child = spawn(command, args, options);
  children.add(child);
  child.once('close', () => children.delete(child));
  child.once('error', () => children.delete(child));
  return child;
}

/**
 * Runs a program to its end and resolves with `{ code, output }`; `output` holds standard output and error
 * as they came. Never rejects: a program that cannot be started has the code 127, one that took longer than
 * `timeoutMs` (default: no limit) the code 124.
 */
export function run(command, args = [], { cwd, env, timeoutMs = 0, onOutput, input } = {}) {
  return new Promise((resolve) => {
    const child = start(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let output = '';
    let timedOut = false;
    const timer =
      timeoutMs &&
      setTimeout(() => {
        timedOut = true;
        child.kill('SIGKILL');
      }, timeoutMs);
    const take = (text) => {
      output += text;
      onOutput?.(text);
    };
    const finish = (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    if (input !== undefined) child.stdin.end(input);
    child.once('error', (error) => {
      output += `${error.message}\n`;
      finish(127);
    });
    child.once('close', (code, signal) => {
      if (timedOut) output += `stopped after ${timeoutMs / 1000} s without an end\n`;
      else if (signal) output += `ended by ${signal}\n`;
      finish(timedOut ? 124 : (code ?? 128 + constants.signals[signal]));
    });
  });
}

/** The last lines of an output, after its first ones, which often name the cause of all that follows. */
export function tail(text, lines = TAIL_LINES, first = HEAD_LINES) {
  const all = text.trimEnd().split('\n');
  if (all.length <= first + lines) return all.join('\n');
  return [...all.slice(0, first), '…', ...all.slice(-lines)].join('\n');
}

export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Runs `work()` as a step called `title`, with a tick every ten seconds; resolves with what `work` gave. */
export async function step(title, work) {
  const began = Date.now();
  say(`• ${title}`);
  const ticker = setInterval(() => say(`  … ${title}: ${Math.round((Date.now() - began) / 1000)} s`), TICK_MS);
  try {
    const value = await work();
    say(`✓ ${title} (${seconds(Date.now() - began)})`);
    return value;
  } finally {
    clearInterval(ticker);
  }
}

/**
 * Runs a program as a step. `show` prints its output as it comes; otherwise only the tail is shown, and only
 * when it fails. Resolves with the output; throws a StepError when the exit code is not 0.
 */
export function stepRun(title, command, args, { show = verbose(), advice, ...options } = {}) {
  return step(title, async () => {
    const { code, output } = await run(command, args, {
      ...options,
      onOutput: show ? (text) => process.stdout.write(text) : undefined,
    });
    if (code !== 0) {
      throw new StepError(title, {
        reason: `\`${[command, ...args].join(' ')}\` ended with code ${code}`,
        tail: show ? '' : tail(output),
        advice,
      });
    }
    return output;
  });
}

export function verbose() {
  return process.env.TIDEGATE_VERBOSE === '1';
}

/** Whether the module of this `import.meta.url` is the program that was started, through whatever links. */
export function isProgram(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}

/** Runs a command's `main`; what it throws is shown as a failed step and makes the exit code 1. */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    process.exitCode = 1;
    if (!(error instanceof StepError)) {
      console.error(error);
      return;
    }
    console.error(`\n✗ FAILED: ${error.message}`);
    if (error.tail) console.error(`\n${error.tail.replace(/^/gm, '    ')}`);
    if (error.advice) console.error(`\nWhat to do: ${error.advice}`);
  }
}
