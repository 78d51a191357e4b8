/** A program that prints lines of JSON: each is handled, and how the program ends is how the pipeline ends. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline, WritableStream } from 'tidegate';
import { eachJsonLine, fromProgram } from '../../examples/child-process.js';

/** Runs `code` in a Node of its own; the code may write the file `process.argv[1]`. */
const node = (code, ...args) => [process.execPath, ['-e', code, ...args]];

/** Whether the process of this id still runs. */
function alive(pid) {
  try {
    process.kill(pid, 0);
    // A process that has ended and that nobody has waited for yet is still there.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition, ms, what) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(10);
  }
}

/** Calls `work(file)` with the name of a file in which a program can leave its process id. */
async function withPidFile(work) {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-program-'));
  const file = join(folder, 'pid');
  await writeFile(file, '');
  const pid = async () => Number(await readFile(file, 'utf8'));
  try {
    await work(file, pid);
  } finally {
    const left = await pid();
    if (left && alive(left)) process.kill(left, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

const LEAVE_PID = `require('fs').writeFileSync(process.argv[1], String(process.pid));`;

describe('a program that prints lines of JSON', () => {
  test('has every line handled, once and in order', async () => {
    const seen = [];
    const program = node(`for (let n = 0; n < 20000; n += 1) console.log(JSON.stringify({ n }))`);
    await eachJsonLine(...program, ({ n }) => void seen.push(n));
    assert.deepEqual(
      seen,
      Array.from({ length: 20_000 }, (_, n) => n),
    );
  });

  test('that ends with an exit code other than 0 fails the pipeline, after the lines that it printed', async () => {
    const seen = [];
    const program = node(`console.log('1'); console.log('2'); console.error('no disk'); process.exitCode = 3`);
    const error = await eachJsonLine(...program, (value) => void seen.push(value)).catch((reason) => reason);
    assert.match(error.message, /ended with exit code 3\. Its last words: no disk$/);
    assert.deepEqual([error.code, error.signal, seen], [3, null, [1, 2]]);
  });

  test('that is ended by a signal fails the pipeline', async () => {
    const program = node(`console.log('1'); process.kill(process.pid, 'SIGKILL')`);
    const error = await eachJsonLine(...program, () => {}).catch((reason) => reason);
    assert.match(error.message, /was ended by SIGKILL/);
    assert.deepEqual([error.code, error.signal], [null, 'SIGKILL']);
  });

  test('that fails has its sink aborted, not closed', async () => {
    const events = [];
    const sink = new WritableStream({
      close: () => void events.push('close'),
      abort: () => void events.push('abort'),
    });
    await assert.rejects(pipeline(fromProgram(...node(`process.exit(1)`)), sink), /exit code 1/);
    assert.deepEqual(events, ['abort']);
  });

  test('that does not exist fails the pipeline with the error of the system', async () => {
    await assert.rejects(
      eachJsonLine('/there/is/no/such/program', [], () => {}),
      { code: 'ENOENT' },
    );
  });

  test('that prints something else fails the pipeline, with the number of the line', async () => {
    const program = node(`console.log('1'); console.log('{"a":'); setInterval(() => {}, 1000)`);
    await assert.rejects(
      eachJsonLine(...program, () => {}),
      /^Error: Line 2 of .* is no JSON: \{"a":$/,
    );
  });

  test('is ended when the signal of the pipeline is aborted, also while it prints nothing', () =>
    withPidFile(async (file, pid) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const program = node(`${LEAVE_PID} console.log('1'); setInterval(() => {}, 1000)`, file);
      const running = eachJsonLine(...program, () => void controller.abort(reason), { signal: controller.signal });
      await assert.rejects(running, (error) => error === reason);
      await until(async () => !alive(await pid()), 5000, 'the program has ended');
    }));

  test('is ended when a value cannot be handled', () =>
    withPidFile(async (file, pid) => {
      const broken = new Error('broken');
      const program = node(`${LEAVE_PID} setInterval(() => console.log('1'), 1)`, file);
      const running = eachJsonLine(...program, () => Promise.reject(broken));
      await assert.rejects(running, (error) => error === broken);
      await until(async () => !alive(await pid()), 5000, 'the program has ended');
    }));

  test('is ended when the consumer has had enough', () =>
    withPidFile(async (file, pid) => {
      const program = node(`${LEAVE_PID} setInterval(() => console.log('1'), 1)`, file);
      await pipeline(fromProgram(...program), async (chunks) => void (await chunks.next()));
      await until(async () => !alive(await pid()), 5000, 'the program has ended');
    }));

  test('that ignores SIGTERM is killed', () =>
    withPidFile(async (file, pid) => {
      const program = node(
        `process.on('SIGTERM', () => {}); ${LEAVE_PID} console.log('1'); setInterval(() => {}, 1000)`,
        file,
      );
      await pipeline(fromProgram(...program), async (chunks) => void (await chunks.next()));
      await until(async () => !alive(await pid()), 10_000, 'the program has ended');
    }));

  test('waits while its lines are not handled, and holds no more of them than a few buffers', () =>
    withPidFile(async (file) => {
      // The program counts the lines it could print before its standard output was full.
      const program = node(
        `const line = JSON.stringify('x'.repeat(1000)) + '\\n'; let made = 0;
        const write = () => {
          while (process.stdout.write(line)) made += 1;
          made += 1;
          require('fs').writeFileSync(process.argv[1], String(made));
          process.stdout.once('drain', write);
        };
        write();`,
        file,
      );
      const controller = new AbortController();
      const running = eachJsonLine(
        ...program,
        async () => {
          let made = -1;
          for (let now = 0; now !== made; now = Number(await readFile(file, 'utf8'))) {
            made = now;
            await sleep(200);
          }
          await writeFile(file, '');
          controller.abort(new Error(`${made} lines`));
        },
        { signal: controller.signal },
      );
      const error = await running.catch((reason) => reason);
      const made = Number(/^(\d+) lines$/.exec(error.message)[1]);
      assert.ok(made > 0 && made < 5000, `${made} lines of 1 KB were made for one that was taken`);
    }));
});
