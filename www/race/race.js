/** The race: runs each chosen workload on tidegate's streams and on the engine's own, and draws how fast each went. */

import { byId, element, say } from '../dom.js';
import { formatRate } from '../units.js';
import { RACERS } from './workloads.js';

const NAMES = Object.keys(RACERS);

export class Race {
  #rows = new Map(NAMES.map((name) => [name, rowOf(name)]));
  #change;
  #running = false;
  #stopped = false;

  /** @param {() => void} change called when what the address says has changed */
  constructor(change) {
    this.#change = change;
    byId('race-rows').replaceChildren(...[...this.#rows.values()].map(({ item }) => item));
    for (const { box } of this.#rows.values()) box.addEventListener('change', change);
    byId('race-start').addEventListener('click', () => {
      if (this.#running) this.#stopped = true;
      else this.#run();
    });
  }

  get settings() {
    return { race: this.#chosen().join(' ') };
  }

  set settings({ race }) {
    if (race === undefined) return;
    const asked = race.split(' ');
    for (const [name, { box }] of this.#rows) box.checked = asked.includes(name);
    this.#change();
  }

  #chosen() {
    return NAMES.filter((name) => this.#rows.get(name).box.checked);
  }

  async #run() {
    const chosen = this.#chosen();
    if (chosen.length === 0) return say(byId('race-status'), 'Choose at least one workload.');
    this.#running = true;
    this.#stopped = false;
    say(byId('race-start'), 'Stop the race');
    for (const row of this.#rows.values()) clear(row);
    const ratios = [];
    let failed = 0;
    for (const name of chosen) {
      if (this.#stopped) break;
      const row = this.#rows.get(name);
      row.item.dataset.state = 'running';
      say(byId('race-status'), `Racing: ${RACERS[name].title.toLowerCase()}.`);
      try {
        const found = await RACERS[name].run();
        show(row, found, RACERS[name].unit);
        if (found.native) ratios.push(found.ours / found.native);
      } catch (error) {
        failed += 1;
        say(row.ratio, 'failed');
        say(row.said, error?.message ?? String(error));
      }
      row.item.dataset.state = 'done';
    }
    this.#running = false;
    say(byId('race-start'), 'Race again');
    say(byId('race-status'), verdictOf(ratios, failed));
  }
}

/** @param {number[]} ratios of those that both ran @param {number} failed how many did not */
export function verdictOf(ratios, failed) {
  const broken = failed > 0 ? ` ${failed} of them failed.` : '';
  if (ratios.length === 0) return failed > 0 ? `Nothing can be compared:${broken}` : 'Nothing was compared.';
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  const lost = ratios.filter((ratio) => ratio < 1).length;
  const times = mean >= 1 ? `${mean.toFixed(1)} times as fast as` : `${(1 / mean).toFixed(1)} times as slow as`;
  const but =
    lost === 0
      ? ''
      : ` The engine’s own ${lost === 1 ? 'was faster in one' : `were faster in ${lost}`} of ${ratios.length}.`;
  return `On this machine tidegate is ${times} this browser’s own streams (geometric mean of ${ratios.length}).${but}${broken}`;
}

function rowOf(name) {
  const { title, what } = RACERS[name];
  const box = element('input', { type: 'checkbox', checked: true, id: `race-${name}` });
  const label = element('label', { htmlFor: box.id }, element('b', { textContent: title }), ` ${what}`);
  const lanes = Object.fromEntries(
    ['ours', 'native'].map((lane) => {
      const bar = element('i');
      const value = element('span', { textContent: '' });
      const line = element('div', { className: `lane ${lane}` }, bar, value);
      return [lane, { bar, value, line }];
    }),
  );
  const ratio = element('output', { className: 'ratio' });
  ratio.setAttribute('aria-label', `${title}: times as fast`);
  const said = element('p', { className: 'racer-said' });
  const item = element(
    'li',
    { className: 'racer' },
    element('div', { className: 'racer-name' }, box, label),
    element('div', { className: 'lanes' }, lanes.ours.line, lanes.native.line),
    ratio,
    said,
  );
  return { item, box, lanes, ratio, said };
}

function clear({ item, lanes, ratio, said }) {
  item.dataset.state = 'waiting';
  say(ratio, '');
  say(said, '');
  for (const { bar, value } of Object.values(lanes)) {
    bar.style.setProperty('--share', '0');
    say(value, '');
  }
}

function show({ lanes, ratio }, found, unit) {
  const most = Math.max(found.ours, found.native ?? 0);
  for (const [lane, name] of [
    ['ours', 'tidegate'],
    ['native', 'engine'],
  ]) {
    const rate = found[lane];
    lanes[lane].bar.style.setProperty('--share', String((rate ?? 0) / most));
    const text =
      rate === null ? 'has none' : unit === 'MB' ? `${Math.round(rate)} MB/s` : `${formatRate(rate)} chunks/s`;
    say(lanes[lane].value, `${name} ${text}`);
  }
  say(ratio, found.native ? `${(found.ours / found.native).toFixed(1)}×` : '–');
}
