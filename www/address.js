/** Keeps what the page is set to in its address, so that a link to it shows the same. */

/** Engines refuse an address that changes too often, as with a slider that is dragged; in milliseconds. */
const WRITE_AFTER = 400;

/** @typedef {{ settings: Record<string, string | number> }} Part */

export class Address {
  /** @type {Map<Part, Record<string, string | number>>} each part of the page with its settings before the address had a say */
  #parts = new Map();
  #timer = 0;

  /** For a part to call when a setting of its has changed. */
  changed = () => {
    if (!this.#timer) this.#timer = setTimeout(() => this.#write(), WRITE_AFTER);
  };

  /** Sets a part to what the address says, and keeps its settings from now on. @param {Part} part */
  add(part) {
    this.#parts.set(part, part.settings);
    part.settings = Object.fromEntries(new URLSearchParams(location.search));
  }

  #write() {
    this.#timer = 0;
    const url = new URL(location.href);
    for (const [{ settings }, initial] of this.#parts)
      for (const [name, value] of Object.entries(settings)) {
        if (String(value) === String(initial[name])) url.searchParams.delete(name);
        else url.searchParams.set(name, String(value));
      }
    if (url.href !== location.href) history.replaceState(history.state, '', url);
  }
}
