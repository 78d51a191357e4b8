/**
 * What the server knows about each download: how many bytes it handed to the socket, and whether the connection still
 * takes more. Tests and the page read it to see backpressure and teardown from the far end.
 */

import { randomUUID } from 'node:crypto';

const KEPT = 200;

/**
 * @typedef {object} Connection
 * @property {string} id the client's `?id=`, or one of the server's
 * @property {string} path
 * @property {number} bytes compressed bytes handed to the socket
 * @property {'open' | 'complete' | 'aborted' | 'failed'} state `complete` once every byte was handed over; `aborted` when
 *   the client's end went away first
 * @property {string} openedAt ISO time
 * @property {string | null} endedAt ISO time
 */

/** The downloads of one server, newest last, at most the last two hundred. */
export class Connections {
  /** @type {Map<string, Connection>} */
  #records = new Map();

  /**
   * @param {string} path
   * @param {string} [id]
   * @param {boolean} [more] whether this is another part of what the id has had so far: its record is opened again, and goes on counting
   * @returns {Connection} a live record; whoever streams adds to its `bytes`
   */
  open(path, id = randomUUID(), more = false) {
    const known = more ? this.#records.get(id) : undefined;
    if (known) return Object.assign(known, { state: 'open', endedAt: null });
    const record = { id, path, bytes: 0, state: 'open', openedAt: new Date().toISOString(), endedAt: null };
    this.#records.delete(id);
    this.#records.set(id, record);
    if (this.#records.size > KEPT) this.#records.delete(this.#records.keys().next().value);
    return record;
  }

  /** @param {Connection} record @param {Connection['state']} state */
  end(record, state) {
    record.state = state;
    record.endedAt = new Date().toISOString();
  }

  /** @returns {Connection | undefined} */
  get(id) {
    return this.#records.get(id);
  }

  /** @returns {Connection[]} */
  list() {
    return [...this.#records.values()];
  }
}
