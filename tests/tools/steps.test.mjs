import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'node:test';
import { run, stepRun, tail } from '../../tools/steps.mjs';

const STEPS = new URL('../../tools/steps.mjs', import.meta.url).href;

/** Runs `code` as a command of its own; resolves with its exit code and what it printed. */
function command(code) {
  return new Promise((resolve) => {
    const source = `import { runMain, stepRun, StepError } from ${JSON.stringify(STEPS)};\n${code}`;
    execFile(process.execPath, ['--input-type=module', '-e', source], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

test('a program that does not exist is a failure like any other', async () => {
  const { code, output } = await run('no-such-program-of-tidegate');
  assert.equal(code, 127);
  assert.match(output, /ENOENT/);
});

test('a program that takes longer than it may is stopped', async () => {
  const { code, output } = await run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { timeoutMs: 300 });
  assert.equal(code, 124);
  assert.match(output, /stopped after 0.3 s/);
});

test('a failed step names the command, its exit code and the end of its output', async () => {
  const failing = stepRun('Break', process.execPath, ['-e', 'console.log("the reason"); process.exit(3)'], {
    advice: 'Mend it.',
  });
  await assert.rejects(failing, (error) => {
    assert.match(error.message, /^Break: .* ended with code 3$/);
    assert.equal(error.tail, 'the reason');
    assert.equal(error.advice, 'Mend it.');
    return true;
  });
});

test('a command whose step fails exits with 1 and says what to do', async () => {
  const { code, stderr } = await command(
    'runMain(() => { throw new StepError("Break", { reason: "so", tail: "out", advice: "Mend it." }); });',
  );
  assert.equal(code, 1);
  assert.match(stderr, /FAILED: Break: so\n\n {4}out\n\nWhat to do: Mend it\./);
});

test('a command whose steps succeed exits with 0', async () => {
  const { code, stdout } = await command('runMain(() => stepRun("Print", process.execPath, ["-e", ""]));');
  assert.equal(code, 0);
  assert.match(stdout, /• Print\n✓ Print/);
});

test('the tail of a long output is its last lines after its first ones', () => {
  assert.equal(tail('a\nb\nc\nd\n', 2, 1), 'a\n…\nc\nd');
  assert.equal(tail('a\nb\nc\n', 2, 1), 'a\nb\nc');
});

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test(
  'what npm started ends, with its children, when npm and its shell are told to',
  { skip: process.platform === 'win32' },
  async () => {
    const source = `import { start } from ${JSON.stringify(STEPS)};
    const child = start(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    console.log(process.pid + " " + child.pid);`;
    const shell = spawn('sh', ['-c', '"$0" --input-type=module -e "$1"; true', process.execPath, source], {
      env: { ...process.env, npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let pids = [];
    try {
      const [line] = await once(shell.stdout.setEncoding('utf8'), 'data');
      pids = line.trim().split(' ').map(Number);
      assert(pids.every(isAlive));
      shell.kill('SIGTERM');
      for (let left = 100; pids.some(isAlive) && left > 0; left--)
        await new Promise((resolve) => setTimeout(resolve, 100));
      assert.deepEqual(pids.filter(isAlive), []);
    } finally {
      shell.kill('SIGKILL');
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    }
  },
);
