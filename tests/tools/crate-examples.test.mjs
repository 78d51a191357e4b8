/** Every public item of the crate has an example in its documentation. `cargo test` runs the examples. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../tools/steps.mjs';
import { root } from './documents.mjs';

/** What rustdoc knows of the crate. Its JSON is unstable, so only the fields below are relied on. */
async function rustdoc() {
  const target = join(root, 'target');
  const args = ['rustdoc', '--locked', '--lib', '--features', 'core,futures-io', '--target-dir', target];
  const { code, output } = await run('cargo', [...args, '--', '-Zunstable-options', '--output-format', 'json'], {
    cwd: root,
    env: { ...process.env, RUSTC_BOOTSTRAP: '1' },
  });
  assert.equal(code, 0, output.slice(-3000));
  return JSON.parse(readFileSync(join(target, 'doc/tidegate.json'), 'utf8'));
}

/** The public items below `id`, each once: `{ name, docs }`. Fields, variants, associated types and implementations of traits are not items here. */
function* items({ index }, id, path = [], seen = new Set()) {
  const item = index[id];
  if (!item || seen.has(id)) return;
  seen.add(id);
  const [kind] = Object.keys(item.inner);
  const inner = item.inner[kind];
  if (kind === 'use') return yield* items({ index }, inner.id, path, seen);
  if (kind.startsWith('assoc_')) return;
  // A module lists its private items only in documentation of private items; an inherent method may be private.
  if (kind === 'function' && item.visibility !== 'public' && item.visibility !== 'default') return;
  const here = [...path, item.name];
  yield { name: `${kind} ${here.join('::')}`, docs: item.docs ?? '' };
  const inherent = (inner.impls ?? []).map((impl) => index[impl]?.inner.impl).filter((impl) => impl && !impl.trait);
  const members = kind === 'module' || kind === 'trait' ? inner.items : inherent.flatMap((impl) => impl.items);
  for (const member of members) yield* items({ index }, member, here, seen);
}

/** Of `core`, which is for hosts of one's own and not covered by semantic versioning, only the types need an example. */
const needsExample = ({ name }) => !/ tidegate::core::/.test(name) || /^(struct|enum|trait) /.test(name);

test('every public item of the crate has an example', async () => {
  const doc = await rustdoc();
  const all = [...items(doc, doc.root)];
  for (const name of [
    'struct tidegate::channel::Sender',
    'function tidegate::channel::Sender::send',
    'trait tidegate::codec::Codec',
  ])
    assert.ok(
      all.some((item) => item.name === name),
      `rustdoc's JSON (format ${doc.format_version}) was not understood: it has no ${name}`,
    );
  const without = all
    .filter(needsExample)
    .filter(({ docs }) => !/^\s*```$/m.test(docs))
    .map(({ name }) => name);
  assert.deepEqual(without, [], 'Write an example for each of them; `cargo test --doc` runs it.');
});
