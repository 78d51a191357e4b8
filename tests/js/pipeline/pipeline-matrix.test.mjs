/**
 * Every kind of source with every kind of stage and every kind of sink, and everything that can go wrong with each: the
 * promise settles within a second with the right reason, the source is let go, the sink ended or aborted, no lock, no
 * listener and no unhandled rejection is left.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { pipeline } from 'tidegate';
import { nodeSinks, nodeSources, nodeStages } from './pipeline-node-parts.mjs';
import { byte, countingSignal, isConsumer, sinks, sources, stages, turn, within } from './pipeline-parts.mjs';

const COUNT = 5;
const LIMIT = 1000;

const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);
after(() => process.removeListener('unhandledRejection', onUnhandled));

let cells = 0;

async function settle(promise) {
  const outcome = await within(
    LIMIT,
    promise.then(
      (value) => ({ value }),
      (error) => ({ error }),
    ),
  );
  return outcome;
}

async function assertNothingLeft({ source, stage, sink, signal }) {
  await turn();
  for (const [name, part] of Object.entries({ source, stage, sink })) {
    if (part) assert.equal(part.locked(), false, `the ${name} is still locked`);
  }
  if (signal) assert.equal(signal.listeners(), 0, 'a listener is left on the signal');
  assert.deepEqual(unhandled.splice(0), [], 'a rejection was not handled');
}

function assertAborted(sink, reason) {
  if (sink.value instanceof Function) return;
  assert.equal(sink.state.aborted?.reason, reason, 'the sink was aborted with another reason');
  assert.equal(sink.state.ended, false, 'the sink was ended as if all had arrived');
}

const allBytes = Array.from({ length: COUNT }, (_, n) => byte(n)[0]);

/** One way to run a pipeline of three parts: what each is told to do, and what must come of it. */
const scenarios = {
  'arrives whole': {
    source: { count: COUNT },
    check(outcome, { sink }) {
      assert.equal(outcome.error, undefined);
      assert.deepEqual(sink.state.received, allBytes);
      assert.equal(sink.state.ended, true);
    },
  },
  'fails with the error of the source': {
    source: { count: 2, error: true },
    failsWith: true,
  },
  'fails with the error of the stage': {
    needsStage: true,
    stage: { at: 2, error: true },
    failsWith: true,
  },
  'fails with the error of the sink': {
    sink: { at: 2, error: true },
    failsWith: true,
    sinkFails: true,
  },
  'fails with the reason of a signal aborted before': {
    abort: 'before',
    failsWith: true,
    neverStarted: true,
  },
  'fails with the reason of a signal aborted during': {
    abort: 'during',
    failsWith: true,
  },
  'is not disturbed by a signal aborted after': {
    source: { count: COUNT },
    abort: 'after',
    check(outcome, { sink }) {
      assert.equal(outcome.error, undefined);
      assert.deepEqual(sink.state.received, allBytes);
    },
  },
  'ends well when the consumer has had enough': {
    needsConsumer: true,
    sink: { enough: 2 },
    check(outcome, { sink }) {
      assert.deepEqual(outcome, { value: 'had enough' });
      assert.deepEqual(sink.state.received, allBytes.slice(0, 2));
    },
  },
};

function build(scenario, makeSource, makeStage, makeSink) {
  const failure = new Error('the first error');
  const withError = (options) => ({ ...options, error: options?.error && failure });
  const parts = {
    source: makeSource(withError(scenario.source)),
    stage: makeStage?.(withError(scenario.stage)),
    sink: makeSink(withError(scenario.sink)),
    signal: countingSignal(),
  };
  return { failure, parts };
}

async function run(scenario, failure, parts) {
  const { source, stage, sink, signal } = parts;
  if (scenario.abort === 'before') signal.abort(failure);
  const running = pipeline(source.value, ...(stage ? [stage.value] : []), sink.value, { signal: signal.signal });
  if (scenario.abort === 'during') setTimeout(() => signal.abort(failure), 2);
  const outcome = await settle(running);
  if (scenario.abort === 'after') signal.abort(failure);
  return outcome;
}

for (const [sourceName, makeSource] of Object.entries({ ...sources, ...nodeSources })) {
  for (const [stageName, makeStage] of [['no stage', undefined], ...Object.entries({ ...stages, ...nodeStages })]) {
    describe(`${sourceName} through ${stageName}`, () => {
      for (const [sinkName, makeSink] of Object.entries({ ...sinks, ...nodeSinks })) {
        for (const [what, scenario] of Object.entries(scenarios)) {
          if (scenario.needsStage && !makeStage) continue;
          if (scenario.needsConsumer && !isConsumer(sinkName)) continue;
          cells += 1;
          test(`into ${sinkName} ${what}`, async () => {
            const { failure, parts } = build(scenario, makeSource, makeStage, makeSink);
            const outcome = await run(scenario, failure, parts);
            if (scenario.failsWith) {
              assert.equal(outcome.error, failure);
              if (!scenario.sinkFails) assertAborted(parts.sink, failure);
            }
            scenario.check?.(outcome, parts);
            const { state } = parts.source;
            assert.equal(state.released || state.made === 0, true, 'the source was not let go');
            await assertNothingLeft(parts);
          });
        }
      }
    });
  }
}

test('the matrix has the cells it is meant to have', () => {
  assert.equal(cells, 9 * (8 * (3 * 7 + 8) - 4));
});
