/** Where the browsers and the programs around them are on this system. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The engines that `launch` and `runPage` know. */
export const engines = ['chromium', 'firefox', 'webkit'];

const webkitLibraries = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/libexec',
  '/usr/lib64',
  '/usr/lib',
].flatMap((root) => ['webkit2gtk-4.1', 'webkitgtk-6.0', 'webkit2gtk-4.0'].map((name) => join(root, name)));

const programs = {
  chromium: {
    variable: 'TIDEGATE_CHROMIUM',
    names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    places: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    packageName: 'chromium',
  },
  firefox: {
    variable: 'TIDEGATE_FIREFOX',
    names: ['firefox-esr', 'firefox'],
    places: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
    packageName: 'firefox-esr',
  },
  webkitDriver: {
    variable: 'TIDEGATE_WEBKIT_DRIVER',
    names: ['WebKitWebDriver'],
    places: webkitLibraries.map((path) => join(path, 'WebKitWebDriver')),
    packageName: 'webkit2gtk-driver',
  },
  webkit: {
    variable: 'TIDEGATE_MINIBROWSER',
    names: ['MiniBrowser'],
    places: webkitLibraries.map((path) => join(path, 'MiniBrowser')),
    packageName: 'webkit2gtk-driver',
  },
  xvfb: { variable: 'TIDEGATE_XVFB', names: ['Xvfb'], places: [], packageName: 'xvfb' },
};

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The path of a program, or undefined where it is not installed. A path in the program's environment variable wins.
 * @param {'chromium' | 'firefox' | 'webkit' | 'webkitDriver' | 'xvfb'} program
 * @param {Record<string, string | undefined>} [environment]
 * @returns {string | undefined}
 */
export function findProgram(program, environment = process.env) {
  const { variable, names, places } = programs[program];
  if (environment[variable]) return environment[variable];
  const directories = (environment.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = [...names.flatMap((name) => directories.map((directory) => join(directory, name))), ...places];
  return candidates.find(isExecutable);
}

/** Like `findProgram`, but throws one error that says what to install. */
export function requireProgram(program, environment = process.env) {
  const path = findProgram(program, environment);
  if (path !== undefined) return path;
  const { variable, names, packageName } = programs[program];
  throw new Error(
    `${names.join(' / ')} was not found. Install it (Debian: apt-get install ${packageName}) ` +
      `or put the path of the executable into ${variable}.`,
  );
}

/**
 * The engines of which every program that driving them needs is installed; with a list of names in TIDEGATE_ENGINES, only those.
 * @returns {string[]} A subset of `engines`.
 */
export function availableEngines(environment = process.env) {
  const wanted = environment.TIDEGATE_ENGINES?.split(',').filter(Boolean) ?? engines;
  const unknown = wanted.find((name) => !engines.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`TIDEGATE_ENGINES: there is no engine "${unknown}"; the engines are ${engines.join(', ')}`);
  const needs = {
    chromium: ['chromium'],
    firefox: ['firefox'],
    webkit: ['webkit', 'webkitDriver', ...displayNeeds(environment)],
  };
  return engines.filter(
    (engine) =>
      wanted.includes(engine) && needs[engine].every((program) => findProgram(program, environment) !== undefined),
  );
}

function displayNeeds(environment) {
  return environment.DISPLAY || environment.WAYLAND_DISPLAY ? [] : ['xvfb'];
}
