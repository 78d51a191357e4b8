import { channel, fromCursor, fromEvents, toArray } from '/dist/index.js';
import { equal, rejection, standing, turn, until, within } from '/support.js';

export default {
  async 'a channel stops a producer that heeds it, and lets it go on'() {
    const numbers = channel({ highWaterMark: 4 });
    let made = 0;
    const write = () => {
      while (made < 1000 && numbers.write(made++));
      if (made === 1000) numbers.end();
    };
    numbers.addEventListener('drain', write);
    write();
    equal(await standing(() => made, 50), 4);
    equal(
      await toArray(numbers.readable),
      Array.from({ length: 1000 }, (_, n) => n),
    );
  },

  async 'a channel fails at its capacity, or drops and counts, for a producer that does not'() {
    const failing = channel({ highWaterMark: 1, capacity: 10 });
    for (let n = 0; n < 100; n += 1) failing.write(n);
    equal((await rejection(toArray(failing.readable))).name, 'RangeError');
    const dropping = channel({ highWaterMark: 1, capacity: 10, overflow: 'drop-oldest' });
    for (let n = 0; n < 100; n += 1) dropping.write(n);
    dropping.end();
    equal([dropping.counts.droppedOldest, (await toArray(dropping.readable))[0]], [90, 90]);
  },

  async 'fromEvents pauses once, resumes, and leaves no listener'() {
    const target = new EventTarget();
    const calls = [];
    const stream = fromEvents(target, 'tick', {
      highWaterMark: 2,
      map: ({ detail }) => detail,
      end: 'over',
      pause: () => calls.push('pause'),
      resume: () => calls.push('resume'),
    });
    for (let n = 0; n < 5; n += 1) target.dispatchEvent(new CustomEvent('tick', { detail: n }));
    equal(calls, ['pause']);
    const reading = toArray(stream);
    await until(() => calls.length === 2);
    target.dispatchEvent(new Event('over'));
    equal(await within(1000, reading), [0, 1, 2, 3, 4]);
    equal(calls, ['pause', 'resume']);
    equal(stream.counts.written, 5);
  },

  async 'fromCursor reads a batch for a consumer that has stopped, and closes once'() {
    let read = 0;
    let closed = 0;
    const cursor = {
      async read(count) {
        await turn();
        return Array.from({ length: count }, () => read++);
      },
      close: () => void (closed += 1),
    };
    const reader = fromCursor(cursor, { batch: 10 }).getReader();
    await reader.read();
    for (let n = 0; n < 10; n += 1) await turn();
    equal(read, 10);
    await reader.cancel();
    equal(closed, 1);
  },

  async 'the examples run'() {
    const { record } = await import('/examples/channel.js');
    const sensor = {
      running: false,
      start: () => void (sensor.running = true),
      stop: () => void (sensor.running = false),
    };
    const stored = [];
    const recording = record(sensor, async (reading) => {
      await turn();
      stored.push(reading);
    });
    for (let n = 0; n < 200;) {
      if (sensor.running) sensor.onreading(n++);
      else await turn();
    }
    sensor.onend();
    await recording;
    equal(
      stored,
      Array.from({ length: 200 }, (_, n) => n),
    );
    const { track } = await import('/examples/from-events.js');
    const points = [];
    const tracking = track(document.body, (point) => points.push(point));
    for (let n = 0; n < 3; n += 1)
      document.body.dispatchEvent(Object.assign(new Event('pointermove'), { clientX: n, clientY: n }));
    document.body.dispatchEvent(new Event('pointerup'));
    equal(
      [await within(1000, tracking), points],
      [
        0,
        [
          [0, 0],
          [1, 1],
          [2, 2],
        ],
      ],
    );
  },
};
