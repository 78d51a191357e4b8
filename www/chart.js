/**
 * Lines over time, as an SVG. Keeps a bounded number of points, however long it goes on: when it is full, every second one goes and the
 * next are taken half as often.
 */

import { element, say, set, svg } from './dom.js';

const MOST_POINTS = 360;
const WIDTH = 1000;
const HEIGHT = 260;
const LEFT = 4;
const BOTTOM = 26;

/**
 * @typedef {object} Line
 * @property {string} name a class of the line, for its colour
 * @property {string} label what it shows, with its unit
 * @property {number} least the least value that the top of the chart stands for
 * @property {(value: number) => string} format
 * @property {string} [scale] lines with the same name of a scale share it; its own by default
 */

export class LineChart {
  #lines;
  #root = svg('svg', {
    class: 'lines',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  #paths;
  #keys;
  #span;
  #times = [];
  #values;
  /** The largest value of each line, of those that were left out too. */
  #most;
  #every = 1;
  #skipped = 0;

  /**
   * @param {HTMLElement} box
   * @param {Line[]} lines
   * @param {{ least?: number }} [options] `least`: seconds that the chart shows at least; default 10
   */
  constructor(box, lines, { least = 10 } = {}) {
    this.#lines = lines;
    this.#span = least;
    this.#paths = lines.map(({ name }) =>
      svg('path', { class: `line ${name}`, 'vector-effect': 'non-scaling-stroke' }),
    );
    const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
      const y = 6 + (HEIGHT - BOTTOM - 6) * share;
      return svg('line', {
        class: 'grid',
        x1: LEFT,
        x2: WIDTH - LEFT,
        y1: y,
        y2: y,
        'vector-effect': 'non-scaling-stroke',
      });
    });
    this.#root.append(...grid, ...this.#paths);
    this.#keys = lines.map(({ name }) => element('span', { className: `key ${name}` }));
    box.replaceChildren(element('p', { className: 'keys' }, ...this.#keys), this.#root);
    this.clear();
  }

  /** Forgets everything. */
  clear() {
    this.#times = [];
    this.#values = this.#lines.map(() => []);
    this.#most = this.#lines.map(() => 0);
    this.#every = 1;
    this.#skipped = 0;
    this.#writeKeys();
    this.#draw();
  }

  /** @param {number} seconds since the start @param {...number} values one for each line */
  add(seconds, ...values) {
    values.forEach((value, index) => this.raise(index, value));
    this.#skipped += 1;
    if (this.#skipped < this.#every) return;
    this.#skipped = 0;
    this.#times.push(seconds);
    values.forEach((value, index) => this.#values[index].push(value));
    if (this.#times.length >= MOST_POINTS) {
      const half = (list) => list.filter((_, index) => index % 2 === 1);
      this.#times = half(this.#times);
      this.#values = this.#values.map(half);
      this.#every *= 2;
    }
    this.#draw();
  }

  /** The largest value of a line so far. @param {number} line */
  most(line) {
    return this.#most[line];
  }

  /** Says that a line has been as high as this, be it between two values. @param {number} line @param {number} value */
  raise(line, value) {
    if (value <= this.#most[line]) return;
    this.#most[line] = value;
    this.#writeKeys();
  }

  #writeKeys() {
    this.#lines.forEach(({ label, format }, index) =>
      say(this.#keys[index], `${label}, at most ${format(this.#most[index])}`),
    );
  }

  #draw() {
    const end = Math.max(this.#span, this.#times.at(-1) ?? 0);
    const topOf = ({ scale, name }) =>
      Math.max(
        ...this.#lines.map((line, index) =>
          line.name === name || (scale && line.scale === scale) ? Math.max(line.least, this.most(index) * 1.05) : 0,
        ),
      );
    this.#lines.forEach((line, index) => {
      const top = topOf(line);
      const points = this.#values[index].map((value, at) => {
        const x = LEFT + (this.#times[at] / end) * (WIDTH - 2 * LEFT);
        const y = HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - 6);
        return `${x.toFixed(1)} ${y.toFixed(1)}`;
      });
      set(this.#paths[index], { d: points.length > 1 ? `M${points.join('L')}` : '' });
    });
  }
}
