/** The error of a response that is no success, and what it keeps of the response. */

const MOST_KEPT = 64 * 1024;
const LONGEST_READ = 1000;

/** The error of a response that is no success, or of a connection that cannot be resumed. */
export class FetchError extends Error {
  /**
   * The response, if there was one. Its body can be read: `await error.response.text()`. The first 64 KiB of it, of
   * what came within a second, are in memory, so that it holds no connection.
   */
  declare readonly response: Response | undefined;
  /** The status of the response, if there was one. */
  declare readonly status: number | undefined;
  /** The URL of the response, or of the request where there was none. */
  declare readonly url: string | undefined;

  /** @param options `url`: of the request, where there is no response */
  constructor(
    message: string,
    response?: Response | undefined,
    options?: { cause?: unknown; url?: string | undefined },
  ) {
    super(message, options);
    this.response = response;
    this.status = response?.status;
    this.url = response?.url || options?.url;
  }

  /** @internal No minifier changes it. */
  static override name = 'FetchError';

  override get name(): 'FetchError' {
    return 'FetchError';
  }
}

/** The status of a response in words; for the responses whose status is 0, why. */
export function statusOf({ status, statusText, type }: Response): string {
  if (status !== 0) return `${status} ${statusText}`.trim();
  if (type === 'opaque') return "opaque (mode: 'no-cors'), so a page cannot read it; request it with CORS";
  if (type === 'opaqueredirect') return "a redirect that was not followed (redirect: 'manual')";
  return 'a network error';
}

/**
 * `response` with its body in memory, to be the response of an error: it can be read whenever the error is handled, and
 * holds no connection. Reads at most 64 KiB and one second, then cancels the rest. A body that cannot be read is left
 * as it is.
 */
export async function keepResponse(response: Response): Promise<Response> {
  const { body } = response;
  if (!body || body.locked || response.bodyUsed) return response;
  const reader = body.getReader();
  const cancel = () => reader.cancel().catch(() => {});
  const timer = setTimeout(cancel, LONGEST_READ);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for (let result = await reader.read(); !result.done; result = await reader.read()) {
      chunks.push(result.value);
      size += result.value.byteLength;
      if (size >= MOST_KEPT) {
        cancel();
        break;
      }
    }
  } catch {
    // The error is about the response; what has arrived of its body is kept.
  } finally {
    clearTimeout(timer);
  }
  return copyOf(response, new Blob(chunks).slice(0, MOST_KEPT));
}

/** `response` with another body. */
export function copyOf(response: Response, body: BodyInit): Response {
  const copy = new Response(body, { headers: response.headers });
  // Own properties, as the constructor takes neither every status nor a URL.
  for (const name of ['headers', 'ok', 'redirected', 'status', 'statusText', 'type', 'url'] as const)
    Object.defineProperty(copy, name, { value: response[name] });
  return copy;
}
