/** The machine as the set-up sees it: what it can run, what files it has, who the user is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, say, seconds, step, tail } from '../steps.mjs';

class Unsuccessful extends Error {}

export class Host {
  platform = process.platform;
  isRoot = process.getuid?.() === 0;
  isDebian = /^ID(_LIKE)?=.*\bdebian\b/m.test(readText('/etc/os-release'));
  /** The tail of the output of the last `attempt`. */
  lastOutput = '';

  run(command, args, options) {
    return run(command, args, { timeoutMs: 60_000, ...options });
  }

  /** Runs a program as a step that may fail; resolves with whether it succeeded. */
  async attempt(title, command, args, options) {
    const began = Date.now();
    try {
      await step(title, async () => {
        const { code, output } = await run(command, args, options);
        this.lastOutput = tail(output);
        if (code !== 0) throw new Unsuccessful();
      });
      return true;
    } catch (error) {
      if (!(error instanceof Unsuccessful)) throw error;
      say(`✗ ${title} (${seconds(Date.now() - began)})`);
      return false;
    }
  }

  say(text) {
    say(text);
  }

  exists(path) {
    return existsSync(path);
  }

  list(dir) {
    try {
      return readdirSync(dir);
    } catch {
      return [];
    }
  }

  /** The first of `names` found on the PATH, as a full path; undefined when none is. */
  which(...names) {
    for (const name of names) {
      for (const dir of (process.env.PATH ?? '').split(delimiter)) {
        if (dir && existsSync(join(dir, name))) return join(dir, name);
      }
    }
    return undefined;
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
