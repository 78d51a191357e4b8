import { connect, download } from '/examples/download.js';
import { equal, ok, sha256, until } from '/support.js';
import { registerWorker, saving, state } from '/saving.js';

/** The elements of a page with the recipe. */
function elements() {
  const make = (name) => document.body.appendChild(document.createElement(name));
  return { save: make('button'), stop: make('button'), bar: make('progress'), message: make('p') };
}

/** The bytes of a file in the folder for downloads, as far as it seems whole; -1 where there is none. */
async function sizeOf(name) {
  const response = await fetch(`/disk?name=${name}`);
  return response.ok ? (await response.arrayBuffer()).byteLength : -1;
}

export default {
  async 'a file whose connection breaks is saved whole, and progress goes up to its end'() {
    await registerWorker();
    const { options, ways, saved } = saving('whole.bin');
    const fractions = [];
    const onProgress = ({ fraction }) => fractions.push(fraction);
    const via = await download('/file', 'whole.bin', { ...options, onProgress });
    ok(ways.includes(via), `it was saved by ${via}`);
    equal(await sha256(await saved()), await (await fetch('/file/sha256')).text());
    equal((await state()).requests, 2);
    equal(
      fractions,
      fractions.toSorted((a, b) => a - b),
    );
    equal(fractions.at(-1), 1);
  },

  async 'a click saves, and says so'() {
    const page = elements();
    const { options, saved } = saving('clicked.bin');
    connect(page, '/file', 'clicked.bin', options);
    page.save.click();
    equal(page.save.disabled, true);
    await until(() => page.message.textContent === 'Saved', 15_000, page.message.textContent);
    equal([page.bar.value, page.save.disabled], [1, false]);
    equal(await sha256(await saved()), await (await fetch('/file/sha256')).text());
  },

  async 'a click on the other button stops it, and the connection with it'() {
    const page = elements();
    connect(page, '/endless', 'endless.bin', saving('endless.bin').options);
    page.save.click();
    await until(() => parseInt(page.message.textContent, 10) > 0, 10_000, 'no progress was shown');
    page.stop.click();
    await until(() => page.message.textContent === 'Stopped', 5000, 'it did not stop');
    await until(async () => (await state()).endless === 0, 10_000, 'the connection is open');
    await until(
      async () => (await sizeOf('endless.bin')) < 1,
      5000,
      `a file of ${await sizeOf('endless.bin')} bytes is left`,
    );
  },

  async 'what cannot be downloaded is not saved, and the page says why'() {
    const page = elements();
    connect(page, '/nowhere', 'nowhere.bin', saving('nowhere.bin').options);
    page.save.click();
    await until(() => /^Not saved: .*404/.test(page.message.textContent), 5000, page.message.textContent);
    equal((await fetch('/disk?name=nowhere.bin')).status, 404);
  },
};
