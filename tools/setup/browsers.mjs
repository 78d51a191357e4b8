/** Finds or installs the browsers that `npm test` drives. Chromium is needed; the tests in the others need the others. */
import { StepError } from '../steps.mjs';
import { aptInstall, canApt } from './apt.mjs';

/** Debian's packages of each engine. */
const PACKAGES = {
  chromium: ['chromium'],
  firefox: ['firefox-esr'],
  webkit: ['webkit2gtk-driver', 'xvfb', 'xauth'],
};

const ELSEWHERE = {
  chromium: 'Chromium or Google Chrome (path in TIDEGATE_CHROMIUM when it is not on the PATH)',
  firefox: 'Firefox (path in TIDEGATE_FIREFOX)',
  webkit:
    'WebKitWebDriver, MiniBrowser and Xvfb (paths in TIDEGATE_WEBKIT_DRIVER, TIDEGATE_MINIBROWSER, TIDEGATE_XVFB)',
};

const isInstalled = (available) => (engine) => available.includes(engine);

function advice(missing) {
  const packages = missing.flatMap((engine) => PACKAGES[engine]).join(' ');
  return (
    `Install ${missing.map((engine) => ELSEWHERE[engine]).join('; ')}. ` +
    `On Debian as root: \`apt-get install --no-install-recommends ${packages}\`. Then run the command again.`
  );
}

/**
 * Makes sure of the browsers; resolves with the engines that are there. Throws a StepError when Chromium is not and
 * cannot be installed; says which tests will not run when another is not.
 * `availableEngines` gives the engines found on the system.
 */
export async function ensureBrowsers(host, availableEngines) {
  const engines = Object.keys(PACKAGES);
  const missing = engines.filter((engine) => !isInstalled(availableEngines())(engine));
  if (missing.length && canApt(host)) {
    const packages = missing.flatMap((engine) => PACKAGES[engine]);
    await aptInstall(host, `the browsers ${missing.join(', ')}`, packages, advice(missing)).catch((error) => {
      if (missing.includes('chromium')) throw error;
    });
  }
  const stillMissing = engines.filter((engine) => !isInstalled(availableEngines())(engine));
  if (stillMissing.includes('chromium')) {
    throw new StepError('Find the browsers', { reason: 'Chromium was not found', advice: advice(stillMissing) });
  }
  if (stillMissing.length) {
    host.say(`- Not found, so the tests in them will not run: ${stillMissing.join(', ')}. ${advice(stillMissing)}`);
  }
  return engines.filter((engine) => !stillMissing.includes(engine));
}
