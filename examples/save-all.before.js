import { forEach, pipeline } from 'tidegate';

/** @param {Iterable<object>} rows @param {(row: object) => Promise<void>} save */
export function saveAll(rows, save) {
  for (const row of rows) {
    save(row); // floating: every call starts at once, and nobody hears of a failure
  }
}

/** @param {object[]} rows @param {(row: object) => Promise<void>} save */
export function saveMapped(rows, save) {
  rows.map((row) => save(row)); // floating: an array of promises that nobody awaits
}

/** @param {object[]} rows @param {(row: object) => Promise<void>} save */
export function saveEach(rows, save) {
  rows.forEach(async (row) => save(row)); // misused: forEach() drops the promise that it gets
}

/** @param {object} row @param {(row: object) => Promise<void>} save @param {() => void} show */
export function saveAndShow(row, save, show) {
  save(row).then(show); // floating: a failure has no handler
}

/** @param {Iterable<object>} rows @param {(row: object) => Promise<void>} save */
export function saveInBackground(rows, save) {
  pipeline(rows, forEach(save, { concurrency: 4 })); // floating: the pipeline's own promise
}
