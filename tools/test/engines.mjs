/** Which engine of which version the tests run in, for the output of `npm test`. */
import { availableEngines, engines } from '../browsers/executables.mjs';
import { engineVersion } from '../browsers/version.mjs';

/**
 * A line for Node and, where `browsers` are wanted, one for each browser: its version, or why no test runs in it.
 *
 * @param {{ browsers?: boolean, available?: string[], versionOf?: (engine: string) => Promise<string> }} [options]
 * @returns {Promise<string[]>}
 */
export async function engineLines({ browsers = true, available = availableEngines(), versionOf = engineVersion } = {}) {
  const line = async (engine) => {
    if (engine !== 'node' && !available.includes(engine)) return `${engine}: not installed, so no test runs in it`;
    try {
      return `${engine}: ${await versionOf(engine)}`;
    } catch (error) {
      return `${engine}: its version could not be read (${error.message.split('\n')[0]})`;
    }
  };
  return Promise.all(['node', ...(browsers ? engines : [])].map(line));
}
