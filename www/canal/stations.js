/** What is written at each station of the canal, in HTML over the picture: the server, the stages, and the consumer. */

import { element, say } from '../dom.js';
import { formatBytes, formatCount, formatRate } from '../units.js';

const FAILED = 'failed here';
const SLOWEST = 'sets the pace';
/** They run as one: the flag stands over the middle one. */
const CODECS = ['gunzip', 'SHA-256', 'CSV'];
/** Beside a stage that is not what it was, in place of its limit. */
const noteOf = (state, small) =>
  state === 'torn' ? (small ? 'torn' : 'torn down') : state === 'failed' ? 'failed' : null;

export class Stations {
  #server = station('server', 'server');
  #you = station('you', 'you');
  /** @type {ReturnType<typeof station>[]} */
  #stages;

  /** @param {HTMLElement} list @param {string[]} names of the stages */
  constructor(list, names) {
    this.#stages = names.map((name) => station(name, 'stage'));
    for (const { meter, name } of this.#stages) {
      meter.setAttribute('role', 'meter');
      meter.setAttribute('aria-label', `Held in ${name}`);
      meter.setAttribute('aria-valuemin', '0');
    }
    list.replaceChildren(...[this.#server, ...this.#stages, this.#you].map(({ item }) => item));
  }

  /**
   * @param {import('./reading.js').Snapshot} now
   * @param {{ states: string[], small: boolean }} shown what each stage's state is called
   */
  show({ stages, server, rowRate, take, phase, slowest }, { states, small }) {
    const sent = server.bytes > 0 ? `${formatBytes(server.bytes)}${small ? '' : ' sent'}` : '';
    write(this.#server, sent, serverNote(phase, server, small));
    mark(this.#server, phase === 'failed' || phase === 'ended' ? 'cut' : 'open', slowest?.index === -1);
    stages.forEach((stage, index) => {
      const { held, room, unit } = stage;
      const amount = (count) =>
        unit === 'bytes' ? formatBytes(count) : `${formatCount(count)}${small ? '' : ' rows'}`;
      const at = this.#stages[index];
      const state = states[index];
      write(at, amount(held), noteOf(state, small) ?? (room >= held && room > 0 && !small ? `of ${amount(room)}` : ''));
      const codecs = CODECS.includes(slowest?.name);
      const flagged = codecs ? CODECS.indexOf(at.name) === 1 : slowest?.index === index;
      mark(at, state, flagged, codecs ? 'the codecs set the pace' : SLOWEST);
      at.meter.setAttribute('aria-valuemax', String(Math.max(held, room, 1)));
      at.meter.setAttribute('aria-valuenow', String(held));
      at.meter.setAttribute('aria-valuetext', `${amount(held)} of ${amount(room)}`);
    });
    const taken = phase === 'running' || phase === 'stopping' || phase === 'stopped';
    write(
      this.#you,
      !taken ? '' : take === 0 ? (small ? 'none' : 'take none') : `${formatRate(rowRate)}${small ? '/s' : ' rows/s'}`,
      taken && take === 0 && !small ? 'gate shut' : '',
    );
    mark(this.#you, 'open', slowest?.index === stages.length, take === 0 ? 'shut by you' : SLOWEST);
  }
}

function serverNote(phase, { bytes, still, onTheWay }, small) {
  if (phase === 'failed' || phase === 'ended') return small ? 'ended' : 'connection ended';
  if (phase === 'done') return 'all of it';
  if (bytes === 0) return '';
  if (phase === 'stopped') return small ? 'still' : 'stands still';
  if (still) return small ? 'waits' : 'waits for you';
  return small ? 'sending' : `${formatBytes(onTheWay)} on the way`;
}

function station(name, kind) {
  const amount = element('span', { className: 'amount' });
  const limit = element('span', { className: 'limit' });
  const flag = element('span', { className: 'flag', textContent: SLOWEST, ariaHidden: 'true' });
  const meter = element('div', {}, amount, limit);
  const item = element('li', { className: `station ${kind}` }, flag, element('b', { textContent: name }), meter);
  item.dataset.name = name;
  return { name, item, amount, limit, flag, meter };
}

function write({ amount, limit }, text, note) {
  say(amount, text);
  say(limit, note);
}

function mark({ item, flag }, state, slowest, word = SLOWEST) {
  if (item.dataset.state !== state) item.dataset.state = state;
  if (item.dataset.slowest !== String(slowest)) item.dataset.slowest = String(slowest);
  say(flag, state === 'failed' ? FAILED : word);
}
