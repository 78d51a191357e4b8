/**
 * Drives one page of a real browser: Chromium over CDP and Firefox over WebDriver BiDi (both through puppeteer-core),
 * WebKit over W3C WebDriver. The same few methods on each, so that a test is written once.
 */
import { writeFile } from 'node:fs/promises';
import { chromiumFlags, firefoxPreferences, someDisplay, webkitEnvironment } from './bare.mjs';
import { removeDirectory, temporaryDirectory } from './cleanup.mjs';
import { engines, requireProgram } from './executables.mjs';
import { startSession } from './webdriver.mjs';

/**
 * @typedef {object} Browser
 * @property {'chromium' | 'firefox' | 'webkit'} engine
 * @property {string} version The browser's own name and version.
 * @property {import('puppeteer-core').Page | undefined} page The puppeteer page, in Chromium and Firefox.
 * @property {{ type: string, text: string }[]} messages Console messages and uncaught errors of the page, in Chromium and
 *   Firefox; stays empty in WebKit, whose driver does not report them.
 * @property {(url: string, options?: { timeout?: number }) => Promise<void>} open Loads a page; resolves at its load event.
 * @property {(source: string | Function, ...args: unknown[]) => Promise<any>} evaluate Calls a function in the page with
 *   JSON-like arguments, or evaluates an expression; awaits what it returns.
 * @property {(source: string | Function, options?: { timeout?: number, every?: number, args?: unknown[] }) => Promise<any>} waitFor
 *   Evaluates every 50 ms until the answer is truthy and resolves with it; rejects after 30 s.
 * @property {(selector: string) => Promise<void>} click
 * @property {(selector: string, text: string) => Promise<void>} type Types into the element.
 * @property {(selector: string, path: string) => Promise<void>} upload Chooses a file in a file input.
 * @property {(width: number, height: number) => Promise<void>} setSize In CSS pixels: the viewport, in WebKit the window.
 * @property {(path: string) => Promise<void>} screenshot Writes a PNG.
 * @property {() => Promise<void>} close Ends the browser and removes its profile. May be called twice.
 */

/**
 * Starts a browser with a temporary profile.
 * @param {'chromium' | 'firefox' | 'webkit'} engine
 * @param {{ width?: number, height?: number, args?: string[], without?: string[], preferences?: Record<string, unknown>, timeout?: number }} [options]
 *   `width` and `height` in CSS pixels (1280 x 900), `args`: further flags, `without`: flags that puppeteer gives Chromium and that are left out, `preferences`: further ones of Firefox,
 *   `timeout`: of the start and of single commands, in milliseconds (60,000).
 * @returns {Promise<Browser>}
 */
export async function launch(engine, options = {}) {
  const settings = { width: 1280, height: 900, args: [], without: [], preferences: {}, timeout: 60_000, ...options };
  if (!engines.includes(engine))
    throw new TypeError(`unknown engine "${engine}", expected one of ${engines.join(', ')}`);
  return engine === 'webkit' ? launchWebkit(settings) : launchPuppeteer(engine, settings);
}

async function launchPuppeteer(engine, { width, height, args, without, preferences, timeout }) {
  const executablePath = requireProgram(engine);
  const { default: puppeteer } = await import('puppeteer-core');
  const profile = temporaryDirectory(engine);
  let browser;
  try {
    browser = await puppeteer.launch({
      executablePath,
      headless: true,
      userDataDir: profile,
      timeout,
      protocolTimeout: Math.max(timeout, 180_000),
      defaultViewport: { width, height },
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      ...(engine === 'firefox'
        ? { browser: 'firefox', args, extraPrefsFirefox: { ...firefoxPreferences, ...preferences } }
        : { browser: 'chrome', args: [...chromiumFlags(), ...args], ignoreDefaultArgs: without }),
    });
    const page = (await browser.pages())[0] ?? (await browser.newPage());
    const messages = [];
    page.on('console', (message) => messages.push({ type: message.type(), text: message.text() }));
    page.on('pageerror', (error) => messages.push({ type: 'pageerror', text: String(error?.stack ?? error) }));
    page.setDefaultTimeout(timeout);
    let closing;
    return {
      engine,
      version: await browser.version(),
      page,
      messages,
      async open(url, { timeout: limit = timeout } = {}) {
        await page.goto(url, { waitUntil: 'load', timeout: limit });
      },
      evaluate: (source, ...values) => page.evaluate(source, ...values),
      waitFor: poller((source, values) => page.evaluate(source, ...values)),
      click: (selector) => page.click(selector),
      type: (selector, text) => page.type(selector, text),
      async upload(selector, path) {
        const element = await page.$(selector);
        if (element === null) throw new Error(`no element matches ${selector}`);
        await element.uploadFile(path);
      },
      setSize: (w, h) => page.setViewport({ width: w, height: h }),
      async screenshot(path) {
        await writeFile(path, await page.screenshot({ type: 'png' }));
      },
      close() {
        closing ??= closeBrowser(browser).finally(() => removeDirectory(profile));
        return closing;
      },
    };
  } catch (error) {
    if (browser !== undefined) await closeBrowser(browser);
    removeDirectory(profile);
    throw error;
  }
}

/** Asks the browser to close and, where it does not within 5 seconds, kills its own process. */
async function closeBrowser(browser) {
  const child = browser.process();
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, 5000);
  });
  try {
    await Promise.race([browser.close(), late]);
  } catch {
    // A crashed browser cannot be asked; its process is ended below.
  } finally {
    clearTimeout(timer);
    if (child && child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}

async function launchWebkit({ width, height, args, timeout }) {
  const binary = requireProgram('webkit');
  const driver = requireProgram('webkitDriver');
  const home = temporaryDirectory('webkit');
  let display;
  let session;
  try {
    display = await someDisplay();
    session = await startSession(driver, {
      capabilities: { 'webkitgtk:browserOptions': { binary, args: ['--automation', ...args] } },
      environment: webkitEnvironment(home, display.display),
      timeout,
    });
    await session.setSize(width, height);
  } catch (error) {
    await session?.close();
    await display?.close();
    removeDirectory(home);
    throw error;
  }
  const { browserName, browserVersion } = session.capabilities;
  const evaluate = (source, values) =>
    session.evaluate(typeof source === 'function' ? String(source) : `() => (${source})`, values, timeout);
  let closing;
  return {
    engine: 'webkit',
    version: `${browserName} ${browserVersion}`,
    page: undefined,
    messages: [],
    open: (url, { timeout: limit = timeout } = {}) => session.open(url, limit),
    evaluate: (source, ...values) => evaluate(source, values),
    waitFor: poller(evaluate),
    click: (selector) => session.click(selector),
    type: (selector, text) => session.type(selector, text),
    upload: (selector, path) => session.upload(selector, path),
    setSize: (w, h) => session.setSize(w, h),
    async screenshot(path) {
      await writeFile(path, await session.screenshot());
    },
    close() {
      closing ??= (async () => {
        try {
          await session.close();
        } finally {
          await display.close();
          removeDirectory(home);
        }
      })();
      return closing;
    },
  };
}

function poller(evaluate) {
  return async function waitFor(source, { timeout = 30_000, every = 50, args = [] } = {}) {
    const deadline = Date.now() + timeout;
    for (;;) {
      const value = await evaluate(source, args);
      if (value) return value;
      if (Date.now() > deadline) throw new Error(`still not true after ${timeout} ms: ${source}`);
      await new Promise((resolve) => setTimeout(resolve, every));
    }
  };
}
