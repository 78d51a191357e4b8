/**
 * The option `trace` of `pipeline()`: a track for each part in the Performance panel of the browser's tools, with what it did and what it
 * waited for. The panel reads these entries by https://developer.chrome.com/docs/devtools/performance/extension.
 */
import type { Activity, PartWatch } from './parts.js';

/** What the panel calls its colours. */
const LOOKS = {
  working: ['working', 'primary'],
  upstream: ['waiting for upstream', 'secondary-light'],
  downstream: ['waiting for downstream', 'tertiary'],
} as const;

/** A state is told in pieces of at most this many milliseconds, so that a recording that ends meanwhile has most of it. */
const PIECE = 1000;

type TimeStamp = (label: string, start: number, end: number, track: string, group: string, color: string) => void;

/** Chromium's takes a span, and costs next to nothing while nobody records. Others ignore all but the label. */
function spanOfConsole(): TimeStamp | undefined {
  if (
    !('chrome' in globalThis) &&
    (globalThis.navigator as { userAgentData?: object } | undefined)?.userAgentData === undefined
  )
    return undefined;
  return (console as { timeStamp?: TimeStamp }).timeStamp?.bind(console);
}

/**
 * The engine would keep each measure for the page to read, so that it is taken back at once; the tools have it by then. That takes
 * back all measures of a name, so the page must have none of the same.
 */
const measured: TimeStamp = (label, start, end, track, trackGroup, color) => {
  const { performance } = globalThis;
  if (typeof performance?.measure !== 'function' || typeof performance.clearMeasures !== 'function') return;
  const name = `tidegate: ${label}`;
  const detail = { devtools: { dataType: 'track-entry', track, trackGroup, color } };
  performance.measure(name, { start, end, detail });
  performance.clearMeasures(name);
};

interface Lane {
  readonly track: string;
  activity: Activity | undefined;
  since: number;
}

export class Trace {
  readonly #group: string;
  readonly #lanes: Lane[] = [];
  readonly #span = spanOfConsole() ?? measured;

  /** @param group the name of the pipeline's tracks */
  constructor(group: string) {
    this.#group = group;
  }

  /** Notices what each part does; a state that is over, or long, is told. */
  look(parts: readonly PartWatch[], at: number): void {
    parts.forEach((one, n) => {
      const lane = (this.#lanes[n] ??= { track: `${n} ${one.part.name}`, activity: undefined, since: at });
      const activity = one.look();
      if (activity === lane.activity && at - lane.since < PIECE) return;
      this.#tell(lane, at);
      lane.activity = activity;
    });
  }

  /** Tells the last states, and of a failure where it was and whom it tore down. */
  end(parts: readonly PartWatch[], at: number, failure: { readonly index: number | undefined } | undefined): void {
    for (const lane of this.#lanes) this.#tell(lane, at);
    if (failure === undefined) return;
    this.#lanes.forEach(({ track }, n) => {
      const isCause = parts[n]?.part.index === failure.index;
      this.#span(isCause ? 'failed' : 'torn down', at, at + 1, track, this.#group, isCause ? 'error' : 'warning');
    });
  }

  #tell(lane: Lane, at: number): void {
    const { activity, since, track } = lane;
    lane.since = at;
    if (activity === undefined || at <= since) return;
    const [label, color] = LOOKS[activity];
    this.#span(label, since, at, track, this.#group, color);
  }
}
