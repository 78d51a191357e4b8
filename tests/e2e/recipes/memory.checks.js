import { drain, pipeline, TransformStream } from '/dist/index.js';
import { watched } from '/examples/watch-memory.js';
import { equal, ok, rejection } from '/support.js';

const MB = 1 << 20;

export default {
  async 'a pipeline that is watched fails at its limit, and names the part that holds most'() {
    const unfolding = new TransformStream({
      transform(chunk, controller) {
        for (let n = 0; n < 20; n += 1) controller.enqueue(new Uint8Array(MB));
      },
    });
    const options = watched(() => {}, { limit: 8 * MB });
    const error = await rejection(pipeline(['x'], unfolding, drain(), options));
    equal(error.name, 'RangeError');
    ok(/TransformStream \(part 1\)/.test(error.message), error.message);
  },

  async 'its reports count what went into each part and came out'() {
    const reports = [];
    const half = (chunk) => chunk.slice(MB / 2);
    const source = Array.from({ length: 10 }, () => new Uint8Array(MB));
    await pipeline(
      source,
      half,
      drain(),
      watched((report) => reports.push(report)),
    );
    equal(
      reports.at(-1).parts.map(({ chunksIn, chunksOut }) => [chunksIn, chunksOut]),
      [
        [0, 10],
        [10, 10],
        [10, 0],
      ],
    );
    equal(reports.at(-1).codecs.chains, 0);
  },
};
