/**
 * A browser started on an address as a user would start it: no debugging protocol is attached. Engines run promises
 * several times slower while one is, so whatever is measured is measured in such a page.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endOwned, removeDirectory, spawnOwned, temporaryDirectory } from './cleanup.mjs';
import { startDisplay } from './display.mjs';
import { engines, requireProgram } from './executables.mjs';

/** Flags that keep Chromium to itself: no first-run pages, no background traffic, no throttling of an unseen page. */
export function chromiumFlags() {
  return [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-default-apps',
    '--disable-extensions',
    '--disable-dev-shm-usage',
    '--disable-background-timer-throttling',
    '--disable-backgrounding-occluded-windows',
    '--disable-renderer-backgrounding',
    '--password-store=basic',
    '--use-mock-keychain',
    '--disable-gpu',
    '--mute-audio',
    '--enable-precise-memory-info',
    '--js-flags=--expose-gc',
  ];
}

/** Preferences with which Firefox compiles Wasm to SSE alone. */
export const WITHOUT_AVX = { 'javascript.options.wasm_simd_avx': false };

/** Preferences that keep Firefox to itself, likewise. */
export const firefoxPreferences = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'datareporting.policy.dataSubmissionPolicyBypassNotification': true,
  'datareporting.healthreport.uploadEnabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'toolkit.telemetry.enabled': false,
  'termsofuse.bypassNotification': true,
  'trailhead.firstrun.didSeeAboutWelcome': true,
  'extensions.getAddons.cache.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'privacy.reduceTimerPrecision': false,
  'services.settings.server': 'http://127.0.0.1:1/',
  'dom.disable_open_during_load': false,
  'dom.min_background_timeout_value': 4,
};

/** The environment of a WebKit browser: everything it stores goes below `home`. */
export function webkitEnvironment(home, display) {
  return {
    ...process.env,
    ...(display ? { DISPLAY: display, GDK_BACKEND: 'x11' } : {}),
    HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_CACHE_HOME: home,
    XDG_DATA_HOME: home,
    XDG_RUNTIME_DIR: home,
    NO_AT_BRIDGE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
    GSETTINGS_BACKEND: 'memory',
  };
}

/** A display to use: the session's own where there is one, else a virtual one (then `close` ends it). */
export async function someDisplay() {
  if (process.env.DISPLAY || process.env.WAYLAND_DISPLAY) return { display: undefined, close: async () => {} };
  return startDisplay();
}

/**
 * Starts `engine` on `url` with a fresh profile and leaves it alone.
 * @param {'chromium' | 'firefox' | 'webkit'} engine
 * @param {string} url
 * @param {{ args?: string[], preferences?: Record<string, unknown> }} [options] `args`: further flags of the browser;
 *   `preferences`: further ones of Firefox.
 * @returns {Promise<{ engine: string, exited: Promise<string>, close(): Promise<void> }>} `exited` resolves, with what the
 *   browser printed last, when the browser ends.
 */
export async function openBare(engine, url, { args = [], preferences = {} } = {}) {
  if (!engines.includes(engine))
    throw new TypeError(`unknown engine "${engine}", expected one of ${engines.join(', ')}`);
  const file = requireProgram(engine);
  const profile = temporaryDirectory(engine);
  let display;
  let child;
  try {
    if (engine === 'chromium') {
      child = spawnOwned(file, ['--headless=new', `--user-data-dir=${profile}`, ...chromiumFlags(), ...args, url]);
    } else if (engine === 'firefox') {
      const lines = Object.entries({ ...firefoxPreferences, ...preferences }).map(
        ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
      );
      writeFileSync(join(profile, 'user.js'), lines.join(''));
      child = spawnOwned(file, ['--headless', '--no-remote', '--profile', profile, ...args, url], {
        env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' },
      });
    } else {
      display = await someDisplay();
      child = spawnOwned(file, [...args, url], { env: webkitEnvironment(profile, display.display) });
    }
  } catch (error) {
    await display?.close();
    removeDirectory(profile);
    throw error;
  }
  const ended = child;
  const exited = new Promise((resolve) => {
    ended.once('exit', (code, signal) => resolve(`${file} ended (${signal ?? code}): ${ended.diagnostics}`));
    ended.once('error', () => resolve(`${file} could not be started: ${ended.diagnostics}`));
  });
  return {
    engine,
    exited,
    async close() {
      try {
        await endOwned(ended);
      } finally {
        await display?.close();
        removeDirectory(profile);
      }
    },
  };
}
