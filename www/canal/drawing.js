/**
 * The canal as an SVG: a section through a server's spout, the network's basin, a basin and a gate for each stage, and the wheel that
 * the consumer turns. Keeps the nodes and puts them where `place()` and `move()` say; what moves when is motion.js.
 */

import { set, svg } from '../dom.js';

const WAVE = 36;
/** How far below the surface the streaks run, in shares of a full basin. */
const STREAKS = [0.16, 0.36, 0.58, 0.8];
const PERIOD = 90;
const PADDLES = 8;
/** How far a gate opens, in shares of a full basin. */
const LIFT = 0.34;

export class CanalDrawing {
  #root;
  #geometry = null;
  #masonry = svg('path', { class: 'masonry' });
  #bed = svg('path', { class: 'bed' });
  #basins = [];
  #gates = [];
  #spout = svg('path', { class: 'jet spout' });
  #rack = svg('g');
  #wheel = svg('g', { class: 'wheel' });
  #fall = svg('path', { class: 'jet' });
  #race = svg('rect', { class: 'water' });

  /**
   * @param {SVGSVGElement} root
   * @param {number} basins the network's included
   */
  constructor(root, basins) {
    this.#root = root;
    const hatch = svg(
      'pattern',
      { id: 'hatch', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      svg('line', { class: 'hatching', x1: 0, y1: 0, x2: 0, y2: 7 }),
    );
    const defs = svg('defs', {}, hatch);
    root.append(defs, this.#masonry);
    for (let index = 0; index < basins; index++) {
      const clip = svg('rect');
      defs.append(svg('clipPath', { id: `basin-${index}` }, clip));
      const basin = {
        group: svg('g', { class: 'basin' }),
        clip,
        back: svg('rect', { class: 'back' }),
        full: svg('line', { class: 'full' }),
        mark: svg('path', { class: 'mark' }),
        water: svg('g'),
        body: svg('path', { class: 'water' }),
        streaks: STREAKS.map(() => svg('line', { class: 'streak' })),
        cross: svg('path', { class: 'cross' }),
        flow: -1,
      };
      basin.water.append(basin.body, ...basin.streaks);
      const clipped = svg('g', { 'clip-path': `url(#basin-${index})` }, basin.water);
      basin.group.append(basin.back, clipped, basin.full, basin.mark, basin.cross);
      this.#basins.push(basin);
      root.append(basin.group);
    }
    root.append(this.#spout, this.#rack, this.#race, this.#fall, this.#wheel, this.#bed);
    for (let index = 0; index < basins; index++) {
      const gate = {
        group: svg('g', { class: 'gate' }),
        jet: svg('path', { class: 'jet' }),
        frame: svg('path', { class: 'frame' }),
        plate: svg('rect', { class: 'plate', rx: 1.5 }),
      };
      gate.group.append(gate.jet, gate.frame, gate.plate);
      this.#gates.push(gate);
      root.append(gate.group);
    }
  }

  get geometry() {
    return this.#geometry;
  }

  /** Draws what stands still. @param {import('./geometry.js').Geometry} geometry */
  place(geometry) {
    this.#geometry = geometry;
    const { width, height, basins, gates, depth, small } = geometry;
    set(this.#root, { viewBox: `0 0 ${width} ${height}`, width, height });
    this.#placeGround();
    basins.forEach(({ left, right, floor, brim }, index) => {
      const basin = this.#basins[index];
      const box = { x: left, y: brim - 12, width: right - left, height: floor - brim + 12 };
      set(basin.clip, box);
      set(basin.back, { ...box, y: brim, height: depth });
      set(basin.body, { d: wavePath(left, right, depth) });
      basin.streaks.forEach((streak, at) => {
        const y = depth * STREAKS[at] + 3;
        set(streak, { x1: left - 90, x2: right + 90, y1: y, y2: y });
      });
      // The network has no mark of the page's: what it may hold is not for the page to say.
      const marked = index > 0;
      set(basin.full, { x1: left, x2: marked ? right : left, y1: brim, y2: brim });
      const size = small ? 4 : 6;
      const at = left + (small ? 10 : 18);
      set(basin.mark, { d: marked ? `M${at - size} ${brim - size * 1.5}h${size * 2}l${-size} ${size * 1.5}z` : '' });
      const [cx, cy, arm] = [(left + right) / 2, (brim + floor) / 2, small ? 9 : 20];
      set(basin.cross, { d: `M${cx - arm} ${cy - arm}l${2 * arm} ${2 * arm}m0 ${-2 * arm}l${-2 * arm} ${2 * arm}` });
    });
    gates.forEach((gate, index) => {
      const half = geometry.plate / 2 + 2;
      const lintel = gate.top - depth * LIFT;
      const d = `M${gate.x - half} ${gate.sill}V${lintel}h${2 * half}V${gate.sill}M${gate.x - half - 4} ${lintel}h${2 * half + 8}`;
      set(this.#gates[index].frame, { d });
      set(this.#gates[index].plate, {
        x: gate.x - geometry.plate / 2,
        y: gate.top,
        width: geometry.plate,
        height: gate.sill - gate.top,
      });
    });
    this.#placeServer();
    this.#placeWheel();
  }

  /** @param {number} index @param {'idle' | 'flowing' | 'failed' | 'torn'} state of a stage's basin; 0 is the network's */
  mark(index, state) {
    this.#basins[index].group.dataset.state = state;
  }

  /** @param {boolean} cut whether the connection to the server has ended */
  cut(cut) {
    this.#rack.dataset.cut = String(cut);
  }

  /**
   * Moves the water of a basin.
   *
   * @param {number} index
   * @param {{ level: number, phase: number, flow: number }} water `level` and `flow` from 0 to 1; `phase` in pixels, which streaks have run
   */
  water(index, { level, phase, flow }) {
    const { brim, floor } = this.#geometry.basins[index];
    const basin = this.#basins[index];
    const y = floor - (floor - brim) * level;
    basin.water.setAttribute('transform', `translate(0 ${y.toFixed(1)})`);
    basin.body.setAttribute('transform', `translate(${((phase * 0.35) % WAVE).toFixed(1)} 0)`);
    if (basin.flow !== flow) {
      basin.flow = flow;
      const dash = Math.round(6 + 30 * flow);
      const opacity = flow > 0 ? 0.25 + 0.5 * flow : 0;
      for (const streak of basin.streaks) set(streak, { 'stroke-dasharray': `${dash} ${PERIOD - dash}`, opacity });
    }
    if (flow === 0) return;
    basin.streaks.forEach((streak, at) =>
      streak.setAttribute('stroke-dashoffset', (-phase * (1 - at * 0.14) - at * 37).toFixed(1)),
    );
  }

  /**
   * @param {number} index
   * @param {{ open: number, flow: number, level: number }} gate from 0 to 1; `level` of the water behind it
   */
  gate(index, { open, flow, level }) {
    const { depth, basins, small, step } = this.#geometry;
    const { x, sill } = this.#geometry.gates[index];
    const { plate, jet } = this.#gates[index];
    const lift = open * depth * LIFT;
    plate.setAttribute('transform', `translate(0 ${(-lift).toFixed(1)})`);
    const next = basins[index + 1];
    if (!next) return this.#pour(jet, { x, sill, lift, flow });
    const surface = next.floor - depth * level;
    const thick = flow > 0 ? Math.max(1.5, Math.min(lift, depth * 0.22) * (0.3 + 0.7 * flow)) : 0;
    const reach = small ? 12 : 30;
    const end = Math.max(sill - thick, Math.min(surface, sill + step));
    const d = `M${x} ${sill - thick}c${reach * 0.6} 0 ${reach} ${(end - sill + thick) * 0.5} ${reach} ${end - sill + thick + 2}v${step * 0.7}H${x}z`;
    set(jet, { d: thick > 0 ? d : '', opacity: 0.55 });
  }

  /** @param {{ flow: number, phase: number, level: number }} spout from the server into the network's basin */
  spout({ flow, phase, level }) {
    const { spout } = this.#geometry.server;
    const { floor, brim } = this.#geometry.basins[0];
    const surface = floor - (floor - brim) * level;
    const thick = (this.#geometry.small ? 2 : 3) + flow * (this.#geometry.small ? 4 : 8);
    const bend = this.#geometry.small ? 5 : 12;
    const d = `M${spout.x - bend * 1.6} ${spout.y}q${bend * 1.6} 0 ${bend * 1.6} ${bend}V${surface + 4}`;
    set(this.#spout, {
      d: flow > 0 ? d : '',
      'stroke-width': thick.toFixed(1),
      'stroke-dasharray': '22 3',
      'stroke-dashoffset': (-phase).toFixed(1),
    });
    this.#rack.dataset.sending = String(flow > 0);
  }

  /** @param {number} degrees by which the consumer has turned the wheel */
  turn(degrees) {
    const { x, y } = this.#geometry.wheel;
    this.#wheel.setAttribute('transform', `rotate(${degrees.toFixed(1)} ${x} ${y})`);
  }

  #pour(jet, { x, sill, lift, flow }) {
    const { wheel, small, depth } = this.#geometry;
    const thick = flow > 0 ? Math.max(2, Math.min(lift, depth * 0.2) * (0.3 + 0.7 * flow)) : 0;
    // Onto the paddles of the near side.
    const [hitX, hitY] = [wheel.x - wheel.radius * 0.7, wheel.race];
    const [reach, drop] = [hitX - x, hitY - sill];
    const near = `C${x + reach * 0.55} ${sill - thick} ${hitX + thick} ${sill} ${hitX + thick} ${hitY}`;
    const far = `C${hitX} ${sill + drop * 0.3} ${x + reach * 0.5} ${sill} ${x} ${sill}`;
    const d = `M${x} ${sill - thick}${near}H${hitX}${far}z`;
    set(jet, { d: thick > 0 ? d : '', opacity: 0.9 });
    const bottom = this.#geometry.height - (small ? 14 : 22);
    const y = flow > 0 ? wheel.race : bottom - 1.5;
    set(this.#race, { x: x + 2, y, width: this.#geometry.width - x - 2, height: Math.max(0, bottom - y) });
  }

  #placeGround() {
    const { width, height, basins, small } = this.#geometry;
    const bottom = height - (small ? 14 : 22);
    const steps = basins.map(({ right, floor }) => `V${floor}H${right}`).join('');
    const line = `${steps}V${bottom}H${width}`;
    set(this.#masonry, { d: `M0 ${basins[0].floor}${line}V${height}H0z` });
    set(this.#bed, { d: `M0 ${basins[0].floor}${line}` });
  }

  #placeServer() {
    const { left, top, width, height, spout } = this.#geometry.server;
    const units = 3;
    const unit = height / units;
    const parts = Array.from({ length: units }, (_, index) => {
      const y = top + index * unit;
      return svg(
        'g',
        {},
        svg('rect', { class: 'unit', x: left, y, width, height: unit - 2, rx: 2 }),
        svg('circle', { class: 'lamp', cx: left + width * 0.16, cy: y + unit / 2 - 1, r: Math.max(1.4, unit * 0.13) }),
        svg('path', { class: 'slot', d: `M${left + width * 0.36} ${y + unit / 2 - 1}H${left + width * 0.84}` }),
      );
    });
    const bend = this.#geometry.small ? 5 : 12;
    const pipe = svg('path', { class: 'pipe', d: `M${left + width} ${spout.y}H${spout.x - bend * 1.4}` });
    const stand = svg('path', { class: 'frame', d: `M${left - 2} ${top + height}h${width + 4}` });
    const [cx, cy, arm] = [spout.x - bend * 0.4, spout.y, this.#geometry.small ? 4 : 7];
    const cross = svg('path', {
      class: 'severed',
      d: `M${cx - arm} ${cy - arm}l${2 * arm} ${2 * arm}m0 ${-2 * arm}l${-2 * arm} ${2 * arm}`,
    });
    this.#rack.replaceChildren(pipe, stand, ...parts, cross);
  }

  #placeWheel() {
    const { x, y, radius } = this.#geometry.wheel;
    const inner = radius * 0.72;
    const paddles = Array.from({ length: PADDLES }, (_, index) => {
      const angle = (index / PADDLES) * 2 * Math.PI;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      return `M${x + c * radius * 0.16} ${y + s * radius * 0.16}L${x + c * radius} ${y + s * radius}`;
    });
    this.#wheel.replaceChildren(
      svg('circle', { class: 'rim', cx: x, cy: y, r: inner }),
      svg('path', { class: 'paddles', d: paddles.join('') }),
      svg('circle', { class: 'hub', cx: x, cy: y, r: Math.max(2, radius * 0.14) }),
    );
  }
}

/** Water of a basin whose surface is y = 0: one wavelength wider than the basin on each side, for it is moved by up to one. */
function wavePath(left, right, depth) {
  const start = left - WAVE;
  const waves = Math.ceil((right - left) / WAVE) + 2;
  const crest = `q${WAVE / 4} -2.6 ${WAVE / 2} 0t${WAVE / 2} 0`;
  return `M${start} 1${crest.repeat(waves)}V${depth + 20}H${start}z`;
}
