/** Requests that fail in the same way each time, so that a source or sink does not send them again. */

/** @throws {TypeError} on behalf of `caller`, if the engine does not make a request of these arguments */
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

/** What Node's fetch tells in the `code` or the message of the cause: arguments, protocols and certificates that a later try finds as they are. */
const FINAL =
  /^(UND_ERR_(INVALID_ARG|NOT_SUPPORTED|REQ_CONTENT_LENGTH_MISMATCH)|ERR_(INVALID|TLS_CERT|SSL_WRONG)|CERT_|(DEPTH_ZERO_)?SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|bad port|unknown scheme|unexpected redirect)/;

/** Whether a failed `fetch()` fails in the same way again. Browsers do not tell: there it is false. */
export function isFinal(error: unknown): boolean {
  const { code, message } = (error as { cause?: { code?: unknown; message?: unknown } } | undefined)?.cause ?? {};
  return FINAL.test(String(code)) || FINAL.test(String(message));
}
