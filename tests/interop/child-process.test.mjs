/** A child process that prints lines of JSON without end: read no faster than they are wanted, and ended with the pipeline. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, test } from 'node:test';
import { pipeline } from 'tidegate';
import { lines } from 'tidegate/codecs';

const broken = new Error('broken');

/** Prints lines, waiting for 'drain', and says on its standard error how many it has made. */
const PROGRAM = `
  const total = Number(process.argv[1]);
  let made = 0;
  const filler = 'x'.repeat(100);
  const write = () => {
    while (made < total) if (!process.stdout.write(JSON.stringify({ n: made++, filler }) + '\\n')) return void process.stdout.once('drain', write);
    clearInterval(timer);
  };
  const timer = setInterval(() => process.stderr.write(made + '\\n'), 20);
  write();
`;

function startChild(total = Infinity) {
  const child = spawn(process.execPath, ['-e', PROGRAM, String(total)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const state = { made: 0 };
  child.stderr.on('data', (text) => void (state.made = Number(String(text).trim().split('\n').at(-1)) || state.made));
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  return { child, state, exited };
}

const withChild = (total, work) => async () => {
  const started = startChild(total);
  try {
    await work(started);
  } finally {
    started.child.kill('SIGKILL');
    await started.exited;
  }
};

const parse = (line) => JSON.parse(line);

async function within(ms, promise) {
  let timer;
  const late = new Promise(
    (resolve, reject) => void (timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms)),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

describe('a child process', () => {
  test(
    'is read to its end, every line once',
    withChild(50_000, async ({ child, exited }) => {
      let n = 0;
      await pipeline(child.stdout, lines(), parse, async (rows) => {
        for await (const row of rows) assert.equal(row.n, n++);
      });
      assert.equal(n, 50_000);
      assert.equal(await within(5000, exited), 0);
    }),
  );

  test(
    'is held back while the consumer does not go on, and loses nothing',
    withChild(Infinity, async ({ child, state }) => {
      const abort = new AbortController();
      let seen = 0;
      const running = pipeline(
        child.stdout,
        lines(),
        parse,
        async (rows) => {
          for await (const { n } of rows) {
            assert.equal(n, seen++);
            if (seen === 10) {
              let stood = -1;
              while (stood !== state.made || stood <= 0) {
                stood = state.made;
                await new Promise((resolve) => setTimeout(resolve, 150));
              }
              assert.ok(stood < 100_000, `${stood} lines of 120 bytes were made for 10 that were taken`);
            }
            if (seen === 200_000) abort.abort(broken);
          }
        },
        { signal: abort.signal },
      );
      await assert.rejects(running, (error) => error === broken);
      assert.ok(seen >= 200_000);
    }),
  );

  for (const [what, parts] of [
    [
      'a stage fails',
      () => [
        () => {
          throw broken;
        },
        async (rows) => {
          for await (const row of rows) assert.fail(row);
        },
      ],
    ],
    ['the consumer has had enough', () => [async (rows) => void (await rows.next())]],
  ]) {
    test(
      `ends when ${what}`,
      withChild(Infinity, async ({ child, exited }) => {
        const outcome = await within(
          1000,
          pipeline(child.stdout, lines(), parse, ...parts()).catch((error) => error),
        );
        assert.ok(outcome === undefined || outcome === broken);
        await within(1000, exited); // writing to a pipe that is closed ends it
        assert.equal(child.stdout.destroyed, true);
      }),
    );
  }

  test(
    'that is killed in the middle is an end, and its exit code tells',
    withChild(Infinity, async ({ child, exited }) => {
      setTimeout(() => child.kill('SIGKILL'), 100);
      const running = pipeline(child.stdout, lines(), async (rows) => {
        for await (const row of rows) assert.ok(row !== undefined);
      });
      await within(
        5000,
        running.catch(() => {}),
      );
      assert.equal(await exited, 'SIGKILL');
    }),
  );
});
