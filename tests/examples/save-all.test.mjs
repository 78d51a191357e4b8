/** Calls nobody awaits: the lint rules find them before, and nothing after; and what the difference is at run time. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import * as before from '../../examples/save-all.before.js';
import { loadAll, saveAll } from '../../examples/save-all.js';

const file = (name) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

/** The lines of examples/`name` with a finding, as `line rule`. */
async function findings(eslint, name) {
  const [{ messages }] = await eslint.lintFiles([file(name)]);
  return messages.map(({ line, ruleId, message }) => `${line} ${ruleId ?? message}`);
}

/** A `save` that takes a turn of the event loop, and counts how many of its calls are under way. */
function counting() {
  const seen = { now: 0, most: 0, calls: 0 };
  const save = async (row) => {
    seen.calls += 1;
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.now -= 1;
    return row.id * 2;
  };
  return { seen, save };
}

const rows = (count) => Array.from({ length: count }, (_, id) => ({ id }));

describe('calls that nobody awaits', () => {
  test('are found by the lint rule, each of them and nothing else', async () => {
    const eslint = new ESLint({
      cwd: fileURLToPath(new URL('../../examples', import.meta.url)),
      overrideConfigFile: file('save-all.eslint.config.js'),
    });
    const marked = readFileSync(file('save-all.before.js'), 'utf8')
      .split('\n')
      .flatMap((text, n) => {
        const [, mark] = /\/\/ (floating|misused): /.exec(text) ?? [];
        return mark ? [`${n + 1} @typescript-eslint/no-${mark}-promises`] : [];
      });
    assert.equal(marked.length, 5);
    assert.deepEqual(await findings(eslint, 'save-all.before.js'), marked);
    assert.deepEqual(await findings(eslint, 'save-all.js'), []);
  });

  test('run all at once, and the function that made them has returned', async () => {
    const { seen, save } = counting();
    before.saveAll(rows(50), save);
    assert.deepEqual(seen, { now: 50, most: 50, calls: 50 });
    while (seen.now > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  });
});

describe('the pipeline in their place', () => {
  test('runs four at a time, and is done when the last is', async () => {
    const { seen, save } = counting();
    await saveAll(rows(50), save);
    assert.deepEqual(seen, { now: 0, most: 4, calls: 50 });
  });

  test('rejects with the first failure, starts no further call and aborts the signal of those under way', async () => {
    const broken = new Error('broken');
    const started = [];
    const signals = [];
    const save = async ({ id }, { signal }) => {
      started.push(id);
      signals.push(signal);
      await new Promise((resolve) => setTimeout(resolve, id === 1 ? 1 : 20));
      if (id === 1) throw broken;
    };
    await assert.rejects(saveAll(rows(50), save), (error) => error === broken);
    assert.deepEqual(started, [0, 1, 2, 3]);
    assert.ok(signals[0].aborted);
  });

  test('ends when its signal is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { seen, save } = counting();
    const saving = saveAll(
      rows(10_000),
      async (row) => {
        await save(row);
        if (seen.calls === 8) controller.abort(reason);
      },
      { signal: controller.signal },
    );
    await assert.rejects(saving, (error) => error === reason);
    assert.ok(seen.calls < 20, `${seen.calls} calls were made`);
  });

  test('gives the results in the order of the rows', async () => {
    const { seen, save } = counting();
    const results = await loadAll(rows(50), save);
    assert.deepEqual(
      results,
      rows(50).map(({ id }) => id * 2),
    );
    assert.equal(seen.most, 4);
  });
});
