/** `<tidegate-monitor>`: a pipeline drawn as a canal, for any page. */
import { describe } from '../values/describe.js';
import { observe, type Observation } from '../inspect/observe.js';
import { STYLE } from './style.js';
import { View } from './view.js';
import type { Inspectable, InspectedStream } from '../inspect/inspect.js';
import type { PipelineReport } from '../inspect/report.js';

/** What `<tidegate-monitor>` has besides what every element has. */
export interface MonitorElement {
  /**
   * The pipeline that is shown: the promise that `pipeline()` returned, itself, or one of tidegate's streams that is a part of one.
   * Undefined or null shows none. Setting another thing throws a TypeError.
   */
  target: Inspectable | null | undefined;
  /** The report that is shown; setting it shows one that another thread has sent. Undefined until there is one. */
  report: PipelineReport | undefined;
  /** Milliseconds between two looks, as the attribute `every-ms`. Default: 250. */
  everyMs: number;
}

const NAME = 'tidegate-monitor';
const EVERY = 250;
const NOTHING = 'No pipeline is shown.';

const isPipeline = (report: PipelineReport | InspectedStream): report is PipelineReport => 'stages' in report;

/** The class, which can be made only where there is an HTMLElement. */
function makeClass(): CustomElementConstructor {
  const style = new CSSStyleSheet();
  style.replaceSync(STYLE);
  return class Monitor extends HTMLElement implements MonitorElement {
    readonly #view = new View(this.attachShadow({ mode: 'open' }), style);
    #target: Inspectable | undefined;
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
      this.#stop();
      this.#target = target ?? undefined;
      this.#report = undefined;
      this.#view.clear(NOTHING);
      if (this.isConnected) this.#start();
    }

    get report(): PipelineReport | undefined {
      return this.#report;
    }

    set report(report: PipelineReport | undefined) {
      if (report !== undefined && !isPipeline(report))
        throw new TypeError(`tidegate-monitor: report must be what inspect(pipeline) returns; got ${describe(report)}`);
      this.#stop();
      this.#target = undefined;
      this.#show(report);
    }

    get everyMs(): number {
      const given = Number(this.getAttribute('every-ms') ?? EVERY);
      return given >= 1 ? given : EVERY;
    }

    set everyMs(milliseconds: number) {
      this.setAttribute('every-ms', String(milliseconds));
      if (this.#observation === undefined) return;
      this.#stop();
      this.#start();
    }

    connectedCallback(): void {
      this.#start();
    }

    disconnectedCallback(): void {
      this.#stop();
    }

    #start(): void {
      if (this.#target === undefined || this.#observation !== undefined) return;
      this.#observation = observe(this.#target, (report) => this.#show(isPipeline(report) ? report : report.pipeline), {
        everyMs: this.everyMs,
      });
    }

    #stop(): void {
      this.#observation?.();
      this.#observation = undefined;
    }

    #show(report: PipelineReport | undefined): void {
      this.#report = report;
      if (report === undefined) this.#view.clear(NOTHING);
      else this.#view.show(report, this.everyMs);
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
