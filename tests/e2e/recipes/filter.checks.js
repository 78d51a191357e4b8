import { csv } from '/dist/codecs.js';
import { pipeline } from '/dist/index.js';
import { saveFiltered } from '/examples/filter-csv.js';
import { equal, ok } from '/support.js';
import { registerWorker, saving } from '/saving.js';

const CITY = 'Washington, "D.C."';

export default {
  async 'the rows that are wanted are saved, and no others'() {
    await registerWorker();
    const { options, ways, saved } = saving('filtered.csv');
    let bytes = 0;
    const onProgress = (progress) => (bytes = progress.bytes);
    const via = await saveFiltered('/data.csv.gz?size=5MB', 'filtered.csv', ({ city }) => city === CITY, {
      ...options,
      onProgress,
    });
    ok(ways.includes(via), `it was saved by ${via}`);
    let cents = 0;
    await pipeline([await saved()], csv({ header: true }), async (rows) => {
      for await (const { city, quantity, price_cents } of rows) {
        equal(city, CITY);
        cents += quantity * price_cents;
      }
    });
    const { totals } = await (await fetch('/data.json?size=5MB')).json();
    equal(cents, totals[CITY]);
    ok(bytes > 500_000, `${bytes} bytes were downloaded`);
  },
};
