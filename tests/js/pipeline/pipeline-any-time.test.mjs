/** A pipeline of all kinds of parts, aborted or left by its consumer after any number of microtasks. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { pipeline } from 'tidegate';
import { nodeSources } from './pipeline-node-parts.mjs';
import { countingSignal, sinks, sources, stages, turn, within } from './pipeline-parts.mjs';

const TICKS = 120; // by then the first chunk has reached the sink

const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);
after(() => process.removeListener('unhandledRejection', onUnhandled));

const ticks = async (count) => {
  for (let n = 0; n < count; n += 1) await undefined;
};

const chain = () =>
  ['a codec', 'an async generator function', "the engine's TransformStream", 'a TransformStream of ours'].map((name) =>
    stages[name]({}),
  );

async function assertNothingLeft(parts, signal) {
  await turn();
  assert.deepEqual(
    parts.map((part) => part.locked()),
    parts.map(() => false),
  );
  assert.equal(signal?.listeners() ?? 0, 0);
  assert.deepEqual(unhandled.splice(0), []);
}

for (const [name, makeSource] of Object.entries({ ...sources, ...nodeSources })) {
  describe(`a pipeline from ${name}`, () => {
    test('is taken down whole by an abort after any number of microtasks', async () => {
      for (let count = 0; count < TICKS; count += 1) {
        const reason = new Error(`aborted after ${count} microtasks`);
        const signal = countingSignal();
        const [source, sink] = [makeSource({}), sinks['a writable stream of ours']()];
        const parts = [source, ...chain(), sink];
        const running = pipeline(...parts.map((part) => part.value), { signal: signal.signal });
        ticks(count).then(() => signal.abort(reason));
        await assert.rejects(within(1000, running), (error) => error === reason);
        assert.equal(sink.state.aborted?.reason, reason);
        assert.equal(source.state.released || source.state.made === 0, true);
        await assertNothingLeft(parts, signal);
      }
    });

    test('ends well when the consumer returns after any number of microtasks', async () => {
      for (let count = 0; count < TICKS; count += 1) {
        const source = makeSource({});
        const parts = [source, ...chain()];
        assert.equal(
          await within(
            1000,
            pipeline(...parts.map((part) => part.value), () => ticks(count).then(() => 'enough')),
          ),
          'enough',
        );
        assert.equal(source.state.released || source.state.made === 0, true);
        await assertNothingLeft(parts);
      }
    });
  });
}
