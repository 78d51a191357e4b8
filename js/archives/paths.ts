/** Names that would lead a program that unpacks an archive out of the folder that it unpacks to. */
import type { Fail } from './error.js';
import { quoted } from '../entries/quoted.js';

/** What is wrong with a name; undefined if nothing is. */
function faultOf(name: string): string | undefined {
  if (name.includes('\0')) return 'has a NUL';
  if (name.includes('\\')) return 'has a backslash';
  if (name.startsWith('/')) return 'is absolute';
  if (/^[A-Za-z]:/.test(name)) return 'begins with a drive letter';
  if (name.split('/').includes('..')) return "has a '..'";
  return undefined;
}

const keyOf = (name: string): string => `/${partsOf(name).join('/')}`;

const partsOf = (name: string): string[] => name.split('/').filter((part) => part !== '' && part !== '.');

/**
 * Checks the names of one archive in order. Links are checked as well, and that no later name leads through one:
 * the target's leading '..' are as many as the link is deep at most, and none follows a name, which may be a link itself.
 */
export class PathGuard {
  #fail: Fail;
  #links = new Set<string>();

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  /** Makes a symbolic link known, whose target is not. */
  addLink(name: string): void {
    this.#links.add(keyOf(name));
  }

  /**
   * @param isKnownLink whether the name is that of a link which has been made known
   * @throws {ArchiveError} `unsafe-path`
   */
  check(name: string, offset: number | undefined, isKnownLink = false): void {
    const fault = faultOf(name);
    if (fault !== undefined) throw this.#unsafe(name, fault, offset);
    if (this.#links.size === 0) return;
    let path = '';
    for (const part of partsOf(name).slice(0, isKnownLink ? -1 : undefined)) {
      path += `/${part}`;
      if (this.#links.has(path)) throw this.#unsafe(name, `leads through the link ${quoted(path.slice(1))}`, offset);
    }
  }

  /**
   * @param target as the link has it: of a symbolic one relative to its folder, of a hard one to the archive's root
   * @throws {ArchiveError} `unsafe-path`
   */
  checkLink(name: string, target: string, isHard: boolean, offset: number | undefined): void {
    const parts = partsOf(target);
    const up = parts.findIndex((part) => part !== '..');
    const ups = up === -1 ? parts.length : up;
    const depth = isHard ? 0 : partsOf(name).length - 1;
    const fault = isHard ? faultOf(target) : faultOf(parts.slice(ups).join('/'));
    if (target === '' || fault !== undefined || ups > depth || (!isHard && target.startsWith('/')))
      throw this.#unsafe(name, `is a link that leads out: ${quoted(target)}`, offset);
    if (!isHard) this.addLink(name);
  }

  #unsafe(name: string, fault: string, offset: number | undefined): Error {
    return this.#fail('unsafe-path', `the name ${quoted(name)} ${fault}; allowUnsafePaths: true accepts it`, {
      entry: name,
      offset,
    });
  }
}
