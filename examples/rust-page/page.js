import init, { totals } from './pkg/rust_page.js';

const state = document.querySelector('#state');
try {
  await init();
  await totals('animals.csv.gz', document.querySelector('#totals'));
  state.textContent = 'done';
} catch (error) {
  state.textContent = String(error);
}
