/** What two implementations let user code see of the same program, and in what it differs. */

/** An event without its numbers and values: `pull()` was called, `read` has settled. */
export function bare(event) {
  if (/^(desiredSize|writer.desiredSize|request of|locked)/.test(event)) return 'state';
  const called = /^([a-z ]+?)( \d)?\(/i.exec(event);
  if (called) return `${called[1]}()`;
  return event
    .replace(/( rejected)?: .*/s, '')
    .replace(/#\d+$/, '')
    .replace(/ \d$/, '');
}

/** The turns that both saw, up to the first that differs, as `{ ours, theirs }`; undefined where none does. */
export function firstDifference(ours, theirs) {
  const at = ours.findIndex((turn, n) => turn.join('\n') !== theirs[n]?.join('\n'));
  return at < 0 ? undefined : { ours: ours[at], theirs: theirs[at] ?? [] };
}

/**
 * The events, bare, that come sooner in ours than in theirs, where both saw the same events in another order; undefined where they saw others.
 */
export function soonerIn({ ours, theirs }) {
  const places = new Map();
  theirs.forEach((event, n) => places.set(event, [...(places.get(event) ?? []), n]));
  const order = ours.map((event) => [event, places.get(event)?.shift()]);
  if (ours.length !== theirs.length || order.some(([, place]) => place === undefined)) return undefined;
  const sooner = new Set();
  order.forEach(([event, place], n) => {
    if (order.slice(n + 1).some(([, later]) => later < place)) sooner.add(bare(event));
  });
  return [...sooner];
}

/** The same difference, of bare events, without those for which `isLeftOut` says so, and without states. */
export function bareDifference({ ours, theirs }, isLeftOut = () => false) {
  const kept = (events) =>
    events
      .flatMap((event) => event.split(' | '))
      .map(bare)
      .filter((event) => event !== 'state' && !isLeftOut(event));
  return { ours: kept(ours), theirs: kept(theirs) };
}

/** Without the calls and answers that the difference does not need, so that what remains can be read. */
export async function shrink(program, differs) {
  const lists = [program.calls, program.early ?? [], ...program.scripts.map((script) => script.calls)];
  const without = async (holder, key, value) => {
    const before = holder[key];
    if (before === value) return false;
    holder[key] = value;
    if (await differs(program)) return true;
    holder[key] = before;
    return false;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const list of lists) {
      for (let at = list.length - 1; at >= 0; at--) {
        const [call] = list.splice(at, 1);
        if (await differs(program)) changed = true;
        else list.splice(at, 0, call);
      }
      for (const call of list) if (await without(call, 4, false)) changed = true;
    }
    for (const script of program.scripts) {
      if (await without(script, 'throws', false)) changed = true;
      if (await without(script, 'gives', undefined)) changed = true;
    }
  }
  return program;
}
