/** Codecs as a message carries them: the calls that add them to a chain. */
import type { Codec } from '../module.js';
import type { Call, RemoteCodec } from './protocol.js';

/** What `add` calls, and with what. The number of a call stands for the address that it returns. */
export function remoteCodec(codec: Codec): RemoteCodec {
  const calls: Call[] = [];
  const recorder = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...args: unknown[]) =>
          calls.push({ name: String(name), args }) - 1,
    },
  );
  codec.add(recorder as Parameters<Codec['add']>[0], (after, bytes) => calls.push({ after, bytes }) > 0);
  return { name: codec.name, family: codec.family.name, calls };
}
