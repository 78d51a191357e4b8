/**
 * Lines over time, as an SVG. Keeps a bounded number of points, however long it goes on: when it is full, every second one goes and the
 * next are taken half as often.
 */

import { set, svg } from './dom.js';

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
  #tops;
  #span;
  #times = [];
  #values;
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
    this.#values = lines.map(() => []);
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
    this.#tops = lines.map(({ name }) => Object.assign(document.createElement('span'), { className: `key ${name}` }));
    const keys = Object.assign(document.createElement('p'), { className: 'keys' });
    keys.append(...this.#tops);
    box.replaceChildren(keys, this.#root);
    this.clear();
  }

  /** Forgets everything. */
  clear() {
    this.#times = [];
    this.#values = this.#lines.map(() => []);
    this.#every = 1;
    this.#skipped = 0;
    this.#draw();
  }

  /** @param {number} seconds since the start @param {...number} values one for each line */
  add(seconds, ...values) {
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
    return Math.max(0, ...this.#values[line]);
  }

  /** The mean of a line so far. @param {number} line */
  mean(line) {
    const values = this.#values[line];
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
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
      this.#tops[index].textContent = `${line.label}, at most ${line.format(this.most(index))}`;
    });
  }
}
