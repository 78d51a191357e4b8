/**
 * Brings the picture from what it shows to what it is to show, frame by frame: water rises and falls, gates lift and close one after
 * another from the consumer's on, streaks run as fast as their stretch flows. It rests where nothing moves, and with reduced motion it
 * shows each state at once.
 */

import { wantsStillness } from '../dom.js';

/** Milliseconds in which a gate covers most of its way, and water most of its rise. */
const GATE_TIME = 130;
const WATER_TIME = 220;
/** A gate whose neighbour downstream is open by more than this stays where it is. */
const NEARLY_SHUT = 0.12;
/** Milliseconds between two pictures, a little less than two frames of most screens: each is painted anew, beside a job that wants the thread. */
const FRAME = 28;
/** Where frames take long, so many of them from picture to picture; and the longest that counts, in milliseconds. */
const REST = 1.7;
const MOST_GAP = 200;
/** A flow leaves a film, though nothing waits. */
const FILM = 0.07;

/** Bytes a second that are no flow. */
const NONE = 500;

/**
 * How a flow is shown beside the fastest that the same place has had: 0 for none, else from 0.1 to 1.
 *
 * @param {number} rate bytes a second
 * @param {number} fastest bytes a second
 */
export const shareOf = (rate, fastest) => (rate < NONE ? 0 : 0.1 + 0.9 * Math.sqrt(Math.min(1, rate / fastest)));

export class CanalMotion {
  #drawing;
  #wanted;
  #shown;
  #frame = 0;
  /** Milliseconds between two frames of the page, the mean of the last ones. */
  #gap = 16;
  #last = 0;

  /** @param {import('./drawing.js').CanalDrawing} drawing @param {number} basins */
  constructor(drawing, basins) {
    this.#drawing = drawing;
    const nothing = () => ({
      levels: Array(basins).fill(0),
      gates: Array(basins).fill(0),
      flows: Array(basins).fill(0),
      spout: 0,
    });
    this.#wanted = nothing();
    this.#shown = { ...nothing(), phases: Array(basins).fill(0), angle: 0, poured: 0 };
  }

  /**
   * @param {{ levels: number[], gates: number[], flows: number[], spout: number }} wanted each from 0 to 1: how full each basin is, how
   *   far each gate is open, and how fast water passes it; the consumer's gate is the last
   */
  show(wanted) {
    this.#wanted = wanted;
    this.#start();
  }

  /** Shows the same again, in a picture of another size. */
  redraw() {
    this.#draw();
  }

  #start() {
    if (this.#frame) return;
    this.#last = performance.now();
    let before = this.#last;
    const step = (now) => {
      this.#gap += (Math.min(MOST_GAP, now - before) - this.#gap) * 0.2;
      before = now;
      if (now - this.#last < Math.max(FRAME, this.#gap * REST)) {
        this.#frame = requestAnimationFrame(step);
        return;
      }
      const moving = this.#step(Math.min(300, now - this.#last));
      this.#last = now;
      this.#draw();
      this.#frame = moving ? requestAnimationFrame(step) : 0;
    };
    this.#frame = requestAnimationFrame(step);
  }

  /** Returns whether anything still moves. */
  #step(elapsed) {
    const { levels, gates, flows, spout } = this.#wanted;
    const shown = this.#shown;
    const still = wantsStillness();
    let moving = false;
    const approach = (from, to, time) => {
      if (still || Math.abs(to - from) < 0.002) return to;
      moving = true;
      return from + (to - from) * (1 - Math.exp(-elapsed / time));
    };
    for (let index = gates.length - 1; index >= 0; index--) {
      const waits = gates[index] < shown.gates[index] && gates[index] === 0 && shown.gates[index + 1] > NEARLY_SHUT;
      if (waits && !still) moving = true;
      else shown.gates[index] = approach(shown.gates[index], gates[index], GATE_TIME);
      // What still passes the picture's gate is what it lets through.
      const flow = gates[index] === 0 && shown.gates[index] > NEARLY_SHUT ? shown.flows[index] : flows[index];
      shown.flows[index] = flow;
      shown.levels[index] = approach(shown.levels[index], Math.max(levels[index], flow > 0 ? FILM : 0), WATER_TIME);
      if (flow > 0 && !still) {
        moving = true;
        shown.phases[index] += (elapsed / 1000) * (18 + 190 * flow * flow);
      }
    }
    const last = flows.length - 1;
    if (shown.flows[last] > 0) shown.angle += (elapsed / 1000) * (14 + 260 * shown.flows[last] ** 2) * (still ? 0 : 1);
    shown.spout = spout === 0 && shown.gates[0] > NEARLY_SHUT && !still ? shown.spout : spout;
    if (shown.spout > 0 && !still) {
      moving = true;
      shown.poured += (elapsed / 1000) * (60 + 260 * shown.spout);
    }
    return moving;
  }

  #draw() {
    if (!this.#drawing.geometry) return;
    const { levels, gates, flows, phases, angle, spout, poured } = this.#shown;
    gates.forEach((open, index) => {
      this.#drawing.water(index, { level: levels[index], phase: phases[index], flow: flows[index] });
      this.#drawing.gate(index, { open, flow: open > 0.02 ? flows[index] : 0, level: levels[index + 1] ?? 0 });
    });
    this.#drawing.spout({ flow: spout, phase: poured, level: levels[0] });
    this.#drawing.turn(angle);
  }
}
