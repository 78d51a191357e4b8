/**
 * Where a buffer keeps segments: a folder of its own, on the disk.
 *
 * A process or a page that dies leaves its folder behind. So the next buffer removes the folders whose owner is gone: in a page those whose
 * lock nobody holds (https://w3c.github.io/web-locks/), in Node those whose process does not run. Of another system nobody can tell, so its
 * folders stay.
 */
import { toFile, type FileHandleLike } from '../sinks/to-file.js';
import { shown } from '../values/require.js';
import type { Bytes } from '../runtime/buffers.js';

/** A place for segments, by their numbers. Each is written once, read once and removed. */
export interface BufferDisk {
  write(segment: number, bytes: Bytes): PromiseLike<unknown>;
  /** Resolves with the bytes that were written. */
  read(segment: number): PromiseLike<ArrayBuffer | ArrayBufferView>;
  remove(segment: number): PromiseLike<unknown>;
  /** Removes everything that is left. Called once, at the end, if anything was written or read. */
  clear(): PromiseLike<unknown>;
}

/** What the folders are in, in the origin private file system. */
const FOLDER = 'tidegate-buffer';

/** The members of the File System Standard that are used (https://fs.spec.whatwg.org/). */
interface Folder {
  getDirectoryHandle(name: string, options?: { create: boolean }): Promise<Folder>;
  getFileHandle(name: string, options?: { create: boolean }): Promise<FileHandleLike & { getFile(): Promise<Blob> }>;
  removeEntry(name: string, options?: { recursive: boolean }): Promise<void>;
  keys(): AsyncIterable<string>;
}

/** @throws {Error} if the engine has no origin private file system */
export async function openOpfs(): Promise<BufferDisk> {
  const id = crypto.randomUUID();
  let root: Folder;
  let folder: Folder;
  let release: () => void = () => {};
  try {
    const { storage, locks } = navigator;
    root = await ((await storage.getDirectory()) as unknown as Folder).getDirectoryHandle(FOLDER, { create: true });
    // Held before the folder is there, so that no other page takes it for one that was left behind.
    await new Promise<void>((resolve, reject) => {
      const held = new Promise<void>((done) => (release = done));
      locks.request(`${FOLDER}-${id}`, () => (resolve(), held)).catch(reject);
    });
    await removeOld(root, locks);
    folder = await root.getDirectoryHandle(id, { create: true });
  } catch (cause) {
    release();
    throw new Error(
      `buffer(): there is no origin private file system here (${(cause as Error)?.message ?? String(cause)}); in Node pass the path of a directory, elsewhere an object that stores segments`,
      { cause },
    );
  }
  return {
    async write(segment, bytes) {
      const file = toFile(await folder.getFileHandle(`${segment}`, { create: true })).getWriter();
      await file.write(bytes);
      await file.close();
    },
    read: async (segment) => (await (await folder.getFileHandle(`${segment}`)).getFile()).arrayBuffer(),
    remove: (segment) => folder.removeEntry(`${segment}`),
    async clear() {
      try {
        await root.removeEntry(id, { recursive: true });
        // A page that was being left when this one began may be gone now.
        await removeOld(root, navigator.locks);
      } finally {
        release();
      }
    },
  };
}

async function removeOld(root: Folder, locks: LockManager): Promise<void> {
  const names: string[] = [];
  for await (const name of root.keys()) names.push(name);
  const { held = [], pending = [] } = await locks.query();
  const used = new Set([...held, ...pending].map(({ name }) => name));
  for (const name of names) {
    // Another page may remove it at the same time.
    if (!used.has(`${FOLDER}-${name}`)) await root.removeEntry(name, { recursive: true }).catch(() => {});
  }
}

/** The functions of `node:fs/promises` that are used. */
interface NodeFiles {
  mkdir(path: string, options: { recursive: boolean }): Promise<unknown>;
  mkdtemp(prefix: string): Promise<string>;
  readdir(path: string): Promise<string[]>;
  readFile(path: string): Promise<Uint8Array>;
  readlink(path: string): Promise<string>;
  rm(path: string, options: { recursive: boolean; force: boolean }): Promise<void>;
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
}

interface NodeProcess {
  readonly pid: number;
  kill(pid: number, signal: 0): unknown;
  getBuiltinModule?(name: 'node:fs/promises'): NodeFiles | undefined;
}

/** @throws {Error} if this is not Node, or the folder cannot be made */
export async function openDirectory(path: string): Promise<BufferDisk> {
  const { process } = globalThis as { process?: NodeProcess };
  const files = process?.getBuiltinModule?.('node:fs/promises');
  if (files === undefined)
    throw new Error(
      `buffer(): the directory ${shown(path)} can be used in Node from 20.16 on; in a page use disk: 'opfs', elsewhere pass an object that stores segments`,
    );
  await files.mkdir(path, { recursive: true });
  const system = await systemOf(files);
  for (const name of await files.readdir(path)) {
    const [, of, pid, start] = /^tidegate-buffer-(\w+)-(\d+)-(\d+)-/.exec(name) ?? [];
    if (of !== system || (runs(process!, Number(pid)) && (await startOf(files, pid!)) === start)) continue;
    // It may be another user's.
    await files.rm(`${path}/${name}`, { recursive: true, force: true }).catch(() => {});
  }
  const { pid } = process!;
  const folder = await files.mkdtemp(`${path}/tidegate-buffer-${system}-${pid}-${await startOf(files, String(pid))}-`);
  return {
    write: (segment, bytes) => files.writeFile(`${folder}/${segment}`, bytes),
    read: (segment) => files.readFile(`${folder}/${segment}`),
    remove: (segment) => files.rm(`${folder}/${segment}`, { recursive: false, force: true }),
    clear: () => files.rm(folder, { recursive: true, force: true }),
  };
}

/**
 * The system in which the numbers of processes are unique: one boot, and on Linux one namespace of a container. Processes of others may use the
 * same directory, and nobody here knows whether they run.
 */
async function systemOf(files: NodeFiles): Promise<string> {
  try {
    const boot = String(await files.readFile('/proc/sys/kernel/random/boot_id'));
    const space = await files.readlink('/proc/self/ns/pid');
    return `${boot.slice(0, 8)}${space.replace(/\D/g, '')}`;
  } catch {
    return '0';
  }
}

/** When the process began, in the system's own count: its number may be used again. '0' where no file says it. */
async function startOf(files: NodeFiles, pid: string): Promise<string> {
  try {
    const stat = String(await files.readFile(`/proc/${pid}/stat`));
    // The name before it may have spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}

function runs(process: NodeProcess, pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
