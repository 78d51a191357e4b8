/** The crate's feature `web`, which is there on wasm32 only: that it compiles, and is documented. */
import { test } from 'node:test';
import { cargo, hasTarget } from './crate-web.mjs';

for (const features of [
  ['--no-default-features', '--features', 'web'],
  ['--features', 'core,web'],
]) {
  test(`${features.join(' ')} compiles for wasm32 without a warning`, async () => {
    if (hasTarget) await cargo(['clippy', '--lib'], [...features, '--', '-D', 'warnings']);
    else await cargo(['check', '--lib'], features, { CARGO_ENCODED_RUSTFLAGS: '-Dwarnings' });
  });
}

test('the web handles are documented without a warning', async () => {
  await cargo(['doc', '--lib', '--no-deps'], ['--features', 'core,web'], { RUSTDOCFLAGS: '-Dwarnings' });
});
