/** Rates over the last second or so, from counts that only grow. */
export class Rates {
  #samples = [];
  #span;

  /** @param {number} [span] milliseconds a rate looks back; default 1000 */
  constructor(span = 1000) {
    this.#span = span;
  }

  /**
   * Takes the counts as of now and answers how fast each grew. One that is new has not grown.
   *
   * @param {number} now milliseconds
   * @param {Record<string, number>} counts
   * @returns {Record<string, number>} per second
   */
  add(now, counts) {
    this.#samples.push({ now, counts });
    while (this.#samples.length > 2 && this.#samples[1].now <= now - this.#span) this.#samples.shift();
    const first = this.#samples[0];
    const seconds = (now - first.now) / 1000;
    return Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [
        name,
        seconds > 0 ? (count - (first.counts[name] ?? count)) / seconds : 0,
      ]),
    );
  }
}
