/** The lab's page as its user meets it: with the mouse, with the keyboard, on a narrow screen. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { labInBrowser, labPage, seriousFaults, until } from './lab-helpers.mjs';

const context = labInBrowser();
const { open, text, says, errors } = labPage(context);
const LIMIT = { timeout: 60_000 };

beforeEach(async () => {
  await context.browser.setSize(1280, 900);
  await open();
});

const idle = () => context.browser.waitFor(() => !document.getElementById('start').disabled, LIMIT);
const running = () =>
  context.browser.waitFor(() => /^[1-9]/.test(document.querySelector('[data-figure="rows"]').textContent), LIMIT);
const said = (pattern) => says('status', pattern);
const states = () =>
  context.browser.evaluate(() => [...document.querySelectorAll('.stage')].map(({ dataset }) => dataset.state));

async function choose(value, selector = '#size') {
  await context.browser.page.select(selector, value);
}

/** Moves the slider to a place, as a drag does. */
async function slide(place) {
  await context.browser.evaluate((value) => {
    const slider = document.getElementById('take');
    slider.value = value;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }, place);
}

async function overflow() {
  return context.browser.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

test('a file with an end is compared with what the server says of it', LIMIT, async () => {
  await choose('16MB');
  await context.browser.click('#start');
  await context.browser.waitFor(() => !document.getElementById('result').hidden, LIMIT);
  await idle();
  assert.match(await text('#verdict'), /^✓/);
  const server = await (await fetch(`${context.lab.url}/api/summary?size=16MB`)).json();
  assert.equal(await text('#proof code'), server.sha256);
  assert.equal(await text('[data-figure="rows"]'), server.rows.toLocaleString('en-US'));
  assert.equal(await context.browser.evaluate(() => document.querySelectorAll('#totals tbody tr').length), 16);
  assert.match(await text('#status'), /^Done: .*✓/);
  assert.match(await text('#progress-text'), /^100 %/);
});

test('the keyboard alone runs a job, stops it, breaks it, and is never left without a place', LIMIT, async () => {
  const focused = () => context.browser.evaluate(() => document.activeElement.id);
  const { keyboard } = context.browser.page;
  const tabTo = async (id) => {
    for (let i = 0; i < 20 && (await focused()) !== id; i++) await keyboard.press('Tab');
    assert.equal(await focused(), id);
  };
  await tabTo('start');
  await keyboard.press('Enter');
  await running();
  assert.equal(await focused(), 'abort');
  await tabTo('hold');
  await keyboard.press('Enter');
  await said(/^You stopped taking rows: .* the server stopped after/);
  await tabTo('throw');
  await keyboard.press('Enter');
  await context.browser.evaluate(() => document.getElementById('hold').click());
  await idle();
  assert.equal(await focused(), 'start');
  assert.match(await text('#status'), /^totals failed: /);
  await keyboard.press('Enter');
  await running();
  await keyboard.press('Enter');
  await idle();
  assert.equal(await focused(), 'start');
  assert.match(await text('#status'), /^You ended it/);
});

for (const [stage, name, message] of [
  ['totals', 'totals', /told to fail/],
  ['bytes', 'fetch', /told to fail/],
  ['gunzip', 'gunzip', /gunzip: input ends too early at byte \d+/],
]) {
  test(`a failure of ${stage} is told with its message, and the others are torn down`, LIMIT, async () => {
    await choose(stage, '#fault-stage');
    await context.browser.click('#start');
    await running();
    await context.browser.click('#throw');
    await idle();
    assert.match(await text('#status'), new RegExp(`^${name} failed: .*server saw the connection end after \\d+ ms`));
    assert.match(await text('#failure'), message);
    const last = await until(
      async () => {
        const now = await states();
        return now.every((state) => state === 'torn' || state === 'failed') && now;
      },
      10_000,
      'the teardown has been shown',
    );
    const names = ['fetch', 'gunzip', 'SHA-256', 'CSV', 'totals'];
    assert.deepEqual(
      names.filter((_, index) => last[index] === 'failed'),
      [name],
    );
    assert.equal(await text('[data-figure="held"]'), '0 B');
  });
}

test(
  'a shut gate stops the rows and the server’s counter, which the page shows, until it opens again',
  LIMIT,
  async () => {
    const rows = () => text('[data-figure="rows"]');
    await context.browser.click('#start');
    await running();
    await context.browser.click('#hold');
    await said(/^You stopped taking rows: \d.* wait in the page; the server stopped after/);
    assert.equal(await context.browser.evaluate(() => document.getElementById('hold').ariaPressed), 'true');
    assert.equal(await context.browser.evaluate(() => document.getElementById('take').value), '0');
    const held = await rows();
    const sent = await text('[data-figure="sent"]');
    const { bytes } = context.lab.connections.list().at(-1);
    await sleep(1000);
    assert.equal(await rows(), held);
    assert.equal(context.lab.connections.list().at(-1).bytes, bytes);
    const { formatBytes } = await import('../../www/units.js');
    assert.equal(sent, formatBytes(bytes));
    await context.browser.click('#hold');
    await context.browser.waitFor((before) => document.querySelector('[data-figure="rows"]').textContent !== before, {
      ...LIMIT,
      args: [held],
    });
    await context.browser.click('#abort');
    await idle();
  },
);

test('a run that fails before its source opens says so, and another can be begun', LIMIT, async () => {
  await context.browser.evaluate(() => {
    document.getElementById('size').append(new Option('none', '99GB', true, true));
  });
  await context.browser.click('#start');
  await said(/^The run failed: .* answered 400.*Every stage was torn down\.$/);
  await idle();
  await choose('16MB');
  await context.browser.click('#start');
  await running();
  await idle();
});

test('a server that cannot be asked in the end is said to be so, and another run can be begun', LIMIT, async () => {
  const { page } = context.browser;
  const refuse = (request) => (/summary/.test(request.url()) ? request.abort() : request.continue());
  await page.setRequestInterception(true);
  page.on('request', refuse);
  try {
    await choose('16MB');
    await context.browser.click('#start');
    await said(/^Done: .* The server could not be asked\.$/);
    await idle();
  } finally {
    page.off('request', refuse);
    await page.setRequestInterception(false);
  }
});

test('the run over time tells no less than the figure beside it', LIMIT, async () => {
  await context.browser.click('#start');
  await running();
  await sleep(500);
  await context.browser.click('#abort');
  await idle();
  const most = /never more than (.*)$/.exec(await text('[data-figure="held-note"]'))[1];
  assert.match(await text('#chart-text'), new RegExp(`never held more than ${most}\\.$`));
  assert.ok((await text('.key.held')).endsWith(`at most ${most}`));
});

test('the slider holds the consumer back, and the consumer is said to set the pace', LIMIT, async () => {
  await slide(1);
  await context.browser.click('#start');
  await said(/^You take 2,000 rows a second/);
  await context.browser.waitFor(() => document.querySelector('.you').dataset.slowest === 'true', LIMIT);
  await slide(24);
  await said(/^Everything runs at full speed/);
  await context.browser.click('#abort');
  await idle();
});

test('the address keeps what the page is set to', LIMIT, async () => {
  await open('?take=3&file=64MB&break=bytes');
  const settings = () =>
    context.browser.evaluate(() => ['take', 'size', 'fault-stage'].map((id) => document.getElementById(id).value));
  assert.deepEqual(await settings(), ['3', '64MB', 'bytes']);
  await slide(5);
  await context.browser.waitFor(() => location.search === '?take=5&file=64MB&break=bytes');
  await open('?take=99&file=nonsense');
  assert.deepEqual(await settings(), ['24', 'endless', 'totals']);
  for (const strange of ['?take=', '?take=1e1', '?take=-1#1', '?take=x#%']) {
    await open(strange);
    assert.deepEqual(await settings(), ['24', 'endless', 'totals'], strange);
  }
});

test(
  'on a phone the slider and the last basin are seen together, and so is the button that starts',
  LIMIT,
  async () => {
    await context.browser.setSize(390, 844);
    const inView = await context.browser.evaluate(() => {
      const bottom = (selector) => document.querySelector(selector).getBoundingClientRect().bottom;
      return ['#canal-picture', '#take', '#start'].every((selector) => bottom(selector) <= innerHeight);
    });
    assert.ok(inView);
  },
);

test('nothing is wider than the screen of a phone, before, during and after a run', LIMIT, async () => {
  for (const width of [320, 375]) {
    await context.browser.setSize(width, 800);
    assert.equal(await overflow(), 0, `idle at ${width}`);
    await choose('16MB');
    await context.browser.click('#start');
    await running();
    assert.equal(await overflow(), 0, `running at ${width}`);
    await idle();
    assert.equal(await overflow(), 0, `finished at ${width}`);
  }
});

test('nothing moves by itself while the page loads and a job runs', LIMIT, async () => {
  await context.browser.page.evaluateOnNewDocument(() => {
    globalThis.shifts = [];
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) globalThis.shifts.push(value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await open();
  await context.browser.click('#start');
  await running();
  await slide(4);
  await sleep(1500);
  await slide(0);
  await said(/the server stopped/);
  await context.browser.click('#abort');
  await idle();
  const shifts = await context.browser.evaluate(() => globalThis.shifts);
  assert.ok(shifts.reduce((sum, value) => sum + value, 0) < 0.01, `shifts of ${shifts}`);
});

test('with reduced motion a run and its teardown are shown without any', LIMIT, async () => {
  await context.browser.page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
  try {
    await open();
    await context.browser.click('#start');
    await running();
    const wheel = () =>
      context.browser.evaluate(() => document.querySelector('#canal-picture .wheel').getAttribute('transform'));
    const before = await wheel();
    await sleep(500);
    assert.equal(await wheel(), before);
    await context.browser.click('#throw');
    await idle();
    await context.browser.waitFor(() => document.querySelectorAll('.stage[data-state="torn"]').length === 4, LIMIT);
  } finally {
    await context.browser.page.emulateMediaFeatures([]);
  }
});

test('everything that can be operated or read has a name', LIMIT, async () => {
  await choose('16MB');
  await context.browser.click('#start');
  await context.browser.waitFor(() => !document.getElementById('result').hidden, LIMIT);
  const cdp = await context.browser.page.createCDPSession();
  const { nodes } = await cdp.send('Accessibility.getFullAXTree');
  await cdp.detach();
  const named = ['button', 'radio', 'slider', 'combobox', 'textbox', 'meter', 'progressbar', 'img', 'image', 'region'];
  const found = nodes.filter((node) => !node.ignored && [...named, 'form', 'table'].includes(node.role?.value));
  assert.ok(found.length > 12, `${found.length} such parts`);
  for (const { role, name } of found) assert.notEqual(name?.value ?? '', '', `a ${role.value} has no name`);
});

for (const scheme of ['light', 'dark']) {
  test(
    `axe finds nothing serious, ${scheme}: before, during and after a run that fails`,
    { timeout: 120_000 },
    async () => {
      await context.browser.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      try {
        await open();
        assert.deepEqual(await seriousFaults(context.browser), [], 'before');
        await context.browser.click('#start');
        await running();
        await context.browser.click('#hold');
        await said(/the server stopped/);
        assert.deepEqual(await seriousFaults(context.browser), [], 'during');
        await context.browser.click('#hold');
        await context.browser.click('#throw');
        await idle();
        assert.deepEqual(await seriousFaults(context.browser), [], 'after');
      } finally {
        await context.browser.page.emulateMediaFeatures([]);
      }
    },
  );
}

test('the page reports no error to the console, but for what was refused on purpose', () => {
  const expected = /answered with a status of 400|status of 400|ERR_FAILED/;
  assert.deepEqual(
    errors().filter(({ text: said }) => !expected.test(said)),
    [],
  );
});
