/** The part of W3C WebDriver that driving one page needs, over plain HTTP. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { endOwned, spawnOwned } from './cleanup.mjs';

/** Key under which WebDriver wraps an element's reference. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** A TCP port of 127.0.0.1 that was free a moment ago. */
async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/**
 * Starts a WebDriver executable and opens one session.
 * @param {string} file The driver.
 * @param {{ capabilities: object, environment: Record<string, string>, timeout: number }} options
 * @returns {Promise<WebDriverSession>}
 */
export async function startSession(file, { capabilities, environment, timeout }) {
  const port = await freePort();
  const driver = spawnOwned(file, [`--port=${port}`], { env: environment });
  const deadline = Date.now() + timeout;
  try {
    for (;;) {
      try {
        const value = await request(
          port,
          'POST',
          '/session',
          { capabilities: { alwaysMatch: capabilities } },
          deadline - Date.now(),
        );
        return new WebDriverSession(driver, port, value);
      } catch (error) {
        const refused = error.cause?.code === 'ECONNREFUSED';
        if (!refused || Date.now() > deadline || driver.exitCode !== null) {
          throw new Error(`${file} opened no session: ${error.message}. ${driver.diagnostics}`, { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
  } catch (error) {
    await endOwned(driver);
    throw error;
  }
}

async function request(port, method, path, body, timeout) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(Math.max(1, timeout)),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`WebDriver ${method} ${path}: ${value?.error}: ${value?.message}`);
  return value;
}

/** One browser window, driven over WebDriver. */
class WebDriverSession {
  #driver;
  #port;
  #path;
  #timeout = 60_000;

  constructor(driver, port, { sessionId, capabilities }) {
    this.#driver = driver;
    this.#port = port;
    this.#path = `/session/${sessionId}`;
    /** The capabilities that the browser reported. */
    this.capabilities = capabilities;
  }

  /** The driver's process. */
  get process() {
    return this.#driver;
  }

  /** Sends one command of the session; `path` begins with a slash. */
  command(method, path, body, timeout = this.#timeout) {
    return request(this.#port, method, this.#path + path, body, timeout);
  }

  async open(url, timeout = this.#timeout) {
    await this.command('POST', '/timeouts', { pageLoad: timeout, script: timeout });
    await this.command('POST', '/url', { url }, timeout + 5000);
  }

  async evaluate(source, args, timeout = this.#timeout) {
    await this.command('POST', '/timeouts', { script: timeout });
    const script = `const done = arguments[arguments.length - 1];
      const args = Array.prototype.slice.call(arguments, 0, -1);
      Promise.resolve().then(() => (${source})(...args)).then(
        (value) => done({ value }),
        (error) => done({ error: String(error && error.stack && !String(error.stack).includes(error.message) ? error + '\\n' + error.stack : error && error.stack || error) }));`;
    const answer = await this.command('POST', '/execute/async', { script, args }, timeout + 5000);
    if ('error' in answer) throw new Error(answer.error);
    return answer.value ?? undefined;
  }

  async screenshot() {
    return Buffer.from(await this.command('GET', '/screenshot'), 'base64');
  }

  async #element(selector) {
    const reference = await this.command('POST', '/element', { using: 'css selector', value: selector });
    return `/element/${reference[ELEMENT]}`;
  }

  async click(selector) {
    await this.command('POST', `${await this.#element(selector)}/click`, {});
  }

  async type(selector, text) {
    await this.command('POST', `${await this.#element(selector)}/value`, { text });
  }

  async upload(selector, path) {
    await this.command('POST', `${await this.#element(selector)}/value`, { text: path });
  }

  async setSize(width, height) {
    await this.command('POST', '/window/rect', { width, height });
  }

  async close() {
    try {
      await this.command('DELETE', '', undefined, 5000);
    } catch {
      // The browser may be gone already; ending the driver's process group is what counts.
    }
    await endOwned(this.#driver);
  }
}
