/** Keeps what the page is set to in its address, so that a link to it shows the same. */

/**
 * @param {(changed: () => void) => { settings: Record<string, string | number> }[]} makeParts makes the parts of the page, whose settings
 *   the address keeps; `changed` is theirs to call when a setting has changed
 */
export function keepAddress(makeParts) {
  let ready = false;
  /** Engines refuse an address that changes too often, as with a slider that is dragged. */
  let timer = 0;
  const write = () => {
    timer = 0;
    const url = new URL(location.href);
    for (const part of parts) {
      const initial = defaults.get(part);
      for (const [name, value] of Object.entries(part.settings)) {
        if (String(value) === String(initial[name])) url.searchParams.delete(name);
        else url.searchParams.set(name, String(value));
      }
    }
    if (url.href !== location.href) history.replaceState(history.state, '', url);
  };
  const parts = makeParts(() => {
    if (ready && !timer) timer = setTimeout(write, 400);
  });
  const defaults = new Map(parts.map((part) => [part, part.settings]));
  const asked = Object.fromEntries(new URLSearchParams(location.search));
  for (const part of parts) part.settings = asked;
  ready = true;
}
