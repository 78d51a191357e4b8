/** `<tidegate-monitor>`: a pipeline drawn as a canal, for any page. */
import { describe } from '../values/describe.js';
import { looksAt } from '../inspect/inspect.js';
import { repeat, type Observation } from '../inspect/observe.js';
import { STYLE } from './style.js';
import { View } from './view.js';
import type { Inspectable } from '../inspect/inspect.js';
import type { PipelineReport } from '../inspect/report.js';

/** What `<tidegate-monitor>` has besides what every element has. */
export interface MonitorElement {
  /**
   * The pipeline that is shown: the promise that `pipeline()` returned, itself, or one of tidegate's streams that is a part of one.
   * Undefined or null shows none. Setting another thing throws a TypeError, and changes nothing.
   */
  target: Inspectable | null | undefined;
  /**
   * The report that is shown; setting it shows one that another thread has sent. Undefined until there is one; setting it to undefined or
   * null shows none. Setting another thing throws a TypeError, and changes nothing.
   */
  get report(): PipelineReport | undefined;
  set report(report: PipelineReport | null | undefined);
  /** Milliseconds between two looks, at least 1, as the attribute `every-ms`. Default: 250. */
  everyMs: number;
}

const NAME = 'tidegate-monitor';
const EVERY = 250;
const NOTHING = 'No pipeline is shown.';

/** What a page may have set on an element before this was imported: there it is a property of its own, which hides that of the class. */
const PROPERTIES: ReadonlySet<string> = new Set<keyof MonitorElement>(['target', 'report', 'everyMs']);

const isPipeline = (report: unknown): report is PipelineReport =>
  typeof report === 'object' && report !== null && 'stages' in report;

/** Looks at a pipeline, or at that of a stream, which goes on when the stream has ended. */
function looksAtPipeline(target: Inspectable): () => { state: string; report: PipelineReport | undefined } | undefined {
  const look = looksAt(target);
  return () => {
    const found = look();
    const report = found === undefined || isPipeline(found) ? found : found.pipeline;
    return found && { state: (report ?? found).state, report };
  };
}

/** The class, which can be made only where there is an HTMLElement. */
function makeClass(): CustomElementConstructor {
  const style = new CSSStyleSheet();
  style.replaceSync(STYLE);
  return class Monitor extends HTMLElement implements MonitorElement {
    static readonly observedAttributes = ['every-ms'];

    readonly #view = new View(this.attachShadow({ mode: 'open' }), style);
    #target: Inspectable | undefined;
    #look: ReturnType<typeof looksAtPipeline> | undefined;
    #report: PipelineReport | undefined;
    #observation: Observation | undefined;

    constructor() {
      super();
      this.#view.clear(NOTHING);
    }

    get target(): Inspectable | undefined {
      return this.#target;
    }

    set target(target: Inspectable | null | undefined) {
      this.#change(target ?? undefined, undefined);
      if (this.isConnected) this.#start();
    }

    get report(): PipelineReport | undefined {
      return this.#report;
    }

    set report(report: PipelineReport | null | undefined) {
      if (report != null && !isPipeline(report))
        throw new TypeError(`tidegate-monitor: report must be what inspect(pipeline) returns; got ${describe(report)}`);
      this.#change(undefined, report ?? undefined);
    }

    get everyMs(): number {
      const given = Number(this.getAttribute('every-ms') ?? EVERY);
      return given >= 1 ? given : EVERY;
    }

    set everyMs(milliseconds: number) {
      this.setAttribute('every-ms', String(milliseconds));
    }

    attributeChangedCallback(): void {
      if (this.#observation === undefined) return;
      this.#stop();
      this.#start();
    }

    connectedCallback(): void {
      const set = Object.entries(this).filter(([name]) => PROPERTIES.has(name));
      for (const [name] of set) delete (this as Record<string, unknown>)[name];
      Object.assign(this, Object.fromEntries(set));
      this.#start();
    }

    disconnectedCallback(): void {
      this.#stop();
    }

    /** Shows something else. */
    #change(target: Inspectable | undefined, report: PipelineReport | undefined): void {
      const look = target === undefined ? undefined : looksAtPipeline(target);
      this.#stop();
      this.#target = target;
      this.#look = look;
      this.#show(report);
    }

    #start(): void {
      if (this.#look === undefined || this.#observation !== undefined) return;
      this.#observation = repeat(this.#look, ({ report }) => this.#show(report), this.everyMs);
    }

    #stop(): void {
      this.#observation?.();
      this.#observation = undefined;
    }

    #show(report: PipelineReport | undefined): void {
      this.#report = report;
      if (report === undefined) this.#view.clear(NOTHING);
      else this.#view.show(report);
    }
  };
}

/**
 * Defines `<tidegate-monitor>`, once; importing `tidegate/monitor` does it where there are custom elements. Returns whether
 * the page has the element.
 */
export function defineMonitor(): boolean {
  const { customElements } = globalThis;
  if (customElements === undefined) return false;
  if (customElements.get(NAME) === undefined) customElements.define(NAME, makeClass());
  return true;
}
