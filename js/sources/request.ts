/** Recognises requests that fail in the same way each time, so that no source or sink retries them. */

/** @throws {TypeError} on behalf of `caller`, if the engine refuses to make a request of these arguments */
export function requestOf(caller: string, input: RequestInfo | URL, init: RequestInit): Request {
  try {
    return new Request(input, init);
  } catch (cause) {
    throw new TypeError(
      `${caller}(): the engine refuses the request (${(cause as Error).message}); correct its URL, method, headers or other options`,
      { cause },
    );
  }
}

/**
 * The `code` or message of the cause of Node's errors that no retry changes: invalid arguments, protocols and
 * certificates.
 */
const FINAL =
  /^(UND_ERR_(INVALID_ARG|NOT_SUPPORTED|REQ_CONTENT_LENGTH_MISMATCH)|ERR_(INVALID|TLS_CERT|SSL_WRONG)|CERT_|(DEPTH_ZERO_)?SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|bad port|unknown scheme|unexpected redirect)/;

/**
 * Whether a failed `fetch()` would fail in the same way again. Always false in browsers, whose errors do not show it.
 */
export function isFinal(error: unknown): boolean {
  const { code, message } = (error as { cause?: { code?: unknown; message?: unknown } } | undefined)?.cause ?? {};
  return FINAL.test(String(code)) || FINAL.test(String(message));
}
