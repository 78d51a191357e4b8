/**
 * The run over time, in a canvas and in words: CSV per second, and bytes held in all queues. Keeps a bounded number of
 * points, however long the run: when it is full, every second one goes and the next are taken half as often.
 */

import { formatBytes } from './units.js';

const MOST_POINTS = 480;
const HEIGHT = 220;

export class RunChart {
  #box;
  #text;
  #plot;
  #seconds = [];
  #rates = [];
  #held = [];
  #every = 1;
  #skipped = 0;

  /**
   * @param {HTMLElement} box where the canvas goes
   * @param {HTMLElement} text says in words what the canvas shows
   */
  constructor(box, text) {
    this.#box = box;
    this.#text = text;
    box.setAttribute('role', 'img');
    box.setAttribute('aria-labelledby', text.id);
    this.#draw();
  }

  /** The words do without the canvas: the page works where the library cannot be loaded or does not start. */
  async #draw() {
    try {
      const { default: uPlot } = await import('uplot');
      const plot = new uPlot(this.#options(), this.#data(), this.#box);
      new ResizeObserver(() => plot.setSize({ width: this.#box.clientWidth, height: HEIGHT })).observe(this.#box);
      matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw(false, true));
      this.#plot = plot;
    } catch (error) {
      console.warn('The chart cannot be drawn:', error);
      this.#box.hidden = true;
      this.#box.parentElement.querySelector('.legend').hidden = true;
      this.#text.textContent =
        'The chart cannot be drawn in this browser; what it shows will be told here at the end of a run.';
    }
  }

  /** Forgets the last run. */
  clear() {
    this.#seconds = [];
    this.#rates = [];
    this.#held = [];
    this.#every = 1;
    this.#skipped = 0;
    this.#plot?.setData(this.#data());
  }

  /**
   * @param {number} seconds since the start
   * @param {number} rate bytes of CSV per second
   * @param {number} held bytes in all queues
   */
  add(seconds, rate, held) {
    this.#skipped += 1;
    if (this.#skipped < this.#every) return;
    this.#skipped = 0;
    this.#seconds.push(seconds);
    this.#rates.push(rate / 1e6);
    this.#held.push(held / 1e3);
    if (this.#seconds.length >= MOST_POINTS) {
      for (const list of [this.#seconds, this.#rates, this.#held]) {
        list.splice(0, list.length, ...list.filter((_, index) => index % 2 === 1));
      }
      this.#every *= 2;
    }
    this.#plot?.setData(this.#data());
  }

  /** Says what the chart shows. */
  describe() {
    if (this.#rates.length < 2) return;
    const rates = this.#rates.slice(1);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    this.#text.textContent =
      `CSV per second over ${Math.round(this.#seconds.at(-1))} s: mean ${Math.round(mean)} MB, lowest ${Math.round(Math.min(...rates))} MB, ` +
      `highest ${Math.round(Math.max(...rates))} MB. All queues together never held more than ${formatBytes(Math.max(...this.#held) * 1e3)}.`;
  }

  #data() {
    return [this.#seconds, this.#rates, this.#held];
  }

  #options() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => () => style.getPropertyValue(name);
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    return {
      width: this.#box.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_plot, _min, max) => [0, Math.max(max ?? 0, 10)] },
        rate: { range: (_plot, _min, max) => [0, Math.max(max ?? 0, 10) * 1.1] },
        held: { range: (_plot, _min, max) => [0, Math.max(max ?? 0, 100) * 1.1] },
      },
      series: [
        { label: 'Second' },
        {
          label: 'MB of CSV per second',
          scale: 'rate',
          stroke: colour('--accent'),
          width: 2,
          points: { show: false },
        },
        {
          label: 'KB in all queues',
          scale: 'held',
          stroke: colour('--water'),
          width: 1.5,
          dash: [4, 3],
          points: { show: false },
        },
      ],
      axes: [
        { ...axis, values: (_plot, splits) => splits.map((value) => `${value} s`), size: 32 },
        { ...axis, scale: 'rate', size: 44, values: (_plot, splits) => splits.map(String) },
        {
          ...axis,
          scale: 'held',
          side: 1,
          size: 48,
          grid: { show: false },
          values: (_plot, splits) => splits.map(String),
        },
      ],
    };
  }
}
