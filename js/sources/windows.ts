/**
 * The body of a fetch in windows: ranges of the file, a few of which are under way. So an engine that goes on receiving what nobody reads
 * (Firefox, WebKit) holds a few windows of it, and the server waits.
 *
 * 1. The first window is a trial. If the server gives no part of a file with a strong validator, there is one request for everything, as
 *    without windows.
 * 2. Every window is of the version of the first one: its strong validator and its length. So bytes of two versions are never mixed.
 * 3. Windows are read in order. At most `connections` of them have been requested and not been read to their end.
 * 4. Each is a `Download`, so it is resumed by itself. Together they are tried again as often as one. A window that nobody reads yet waits for
 *    the network as long as it takes, and what fails there is tried again when it is read.
 */
import { cacheOf, Download, type DownloadSettings, type Version } from './download.js';
import { isEncoded, parseContentRange, parseLength, validatorsOf } from './http-fields.js';

/** Bytes of a window, unless the caller says another number. */
export const WINDOW = 8 * 1024 * 1024;

export interface WindowSettings extends DownloadSettings {
  /** Bytes. */
  readonly window: number;
  /** How many windows are under way at most. */
  readonly connections: number;
}

/** A window that has been requested. */
interface Requested {
  readonly download: Download;
  /** Its first bytes, of one that is not being read yet. */
  ahead: Promise<Uint8Array | undefined> | undefined;
}

/** A download in windows, with the methods of `Download`. */
export class Windows {
  #input: string | URL | Request;
  #init: RequestInit;
  #settings: WindowSettings;
  #tries = { count: 0 };
  /** In their order; the first one is being read. */
  #requested: Requested[] = [];
  /** Where the next window begins. */
  #start: number;
  /** The byte after the last one that is wanted; undefined until the first response, and where everything comes in one body. */
  #end: number | undefined;
  #version: Version | undefined;
  /** Whether the server has sent the whole file for a later window: then the rest is one window. */
  #isWhole = false;

  constructor(input: string | URL | Request, init: RequestInit, settings: WindowSettings) {
    this.#input = input;
    this.#init = init;
    this.#settings = settings;
    const { range, window, onTotal } = settings;
    const first = range?.first ?? 0;
    this.#start = first + window;
    const last = Math.min(range?.last ?? Infinity, this.#start - 1);
    const download = new Download(this.#copy(), init, {
      ...settings,
      tries: this.#tries,
      trial: { range: { first, last }, suits: (response) => this.#suits(response, first, last) },
      onTotal: (total) => onTotal(this.#end === undefined ? total : this.#end - first),
    });
    this.#requested.push({ download, ahead: undefined });
  }

  /** Resolves with the next bytes, undefined at the end. Rejects with the error of the download. */
  async next(): Promise<Uint8Array | undefined> {
    try {
      for (let head; (head = this.#requested[0]) !== undefined;) {
        const { ahead, download } = head;
        head.ahead = undefined;
        download.attend();
        const bytes = await (ahead ?? download.next());
        if (bytes === undefined) this.#requested.shift();
        // The first bytes come after the first response, which says how much there is.
        this.#request();
        if (bytes !== undefined) return bytes;
      }
      return undefined;
    } catch (error) {
      void this.stop(error);
      throw error;
    }
  }

  /** Ends all connections. Resolves when their bodies have been cancelled. */
  stop(reason: unknown): Promise<unknown> {
    const stopped = this.#requested.map(({ download }) => download.stop(reason));
    this.#requested = [];
    this.#end = undefined;
    return Promise.all(stopped);
  }

  /** Requests the windows that are to be under way. */
  #request(): void {
    const { connections, window, range: _, ...settings } = this.#settings;
    while (this.#end !== undefined && this.#start < this.#end && this.#requested.length < connections) {
      const first = this.#start;
      const last = (this.#isWhole ? this.#end : Math.min(first + window, this.#end)) - 1;
      this.#start = last + 1;
      const headers = new Headers(this.#init.headers ?? (this.#input as Partial<Request>).headers);
      headers.set('range', `bytes=${first}-${last}`);
      // The engine's cache could have it of another version.
      const init: RequestInit = {
        ...this.#init,
        headers,
        cache: this.#init.cache ?? cacheOf(this.#input) ?? 'no-store',
      };
      const download = new Download(this.#copy(), init, {
        ...settings,
        tries: this.#tries,
        range: { first, last },
        before: first - (this.#settings.range?.first ?? 0),
        version: this.#version,
        isAhead: true,
        onWhole: () => (this.#isWhole = true),
        onResponse: undefined,
        onTotal: () => {},
      });
      const ahead = download.next();
      // Whoever reads as far finds it.
      ahead.catch(() => {});
      this.#requested.push({ download, ahead });
    }
  }

  /** A `Request` can be sent once. */
  #copy(): string | URL | Request {
    return this.#input instanceof Request ? this.#input.clone() : this.#input;
  }

  /** Whether the first response is a part that others can follow. */
  #suits({ headers }: Response, first: number, last: number): boolean {
    const validators = validatorsOf(headers);
    const part = parseContentRange(headers.get('content-range'));
    const { complete } = part ?? {};
    if (complete === undefined || validators.strong === undefined || isEncoded(headers)) return false;
    // A smaller part may come: the download of this window asks for the rest.
    if (part!.first !== first || part!.last! > last) return false;
    const length = parseLength(headers.get('content-length'));
    if (length !== undefined && length !== part!.last! - first + 1) return false;
    this.#version = { validators, complete };
    this.#end = Math.min(complete, (this.#settings.range?.last ?? Infinity) + 1);
    return true;
  }
}
