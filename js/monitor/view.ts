/** The monitor's picture: a basin for each part of a pipeline, a gate behind it, and the figures. */
import { countText, newsOf, sentenceOf, sizeText, stateText, timeText } from './words.js';
import type { PipelineReport, StageReport } from '../inspect/report.js';

/** What is held is drawn in relation to the most that a part has held, and to this many bytes at least. */
const LEAST_SCALE = 65_536;

/** Writes only what has changed, so that a reader's place and a selection stay. */
function write(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

function set(node: Element, name: string, value: string | undefined): void {
  if (value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Makes an element with a class and children. */
type Make = (tag: string, className?: string, ...children: Node[]) => HTMLElement;

const DETAILS = ['in', 'out', 'holds', 'at most', 'worked', 'waited for data', 'was held back'] as const;

function detailsOf(stage: StageReport): readonly string[] {
  const both = (bytes: number, chunks: number | undefined): string =>
    chunks === undefined ? sizeText(bytes) : `${sizeText(bytes)}, ${countText(chunks)} chunks`;
  return [
    stage.kind === 'source' ? '' : both(stage.bytesIn, stage.chunksIn),
    stage.kind === 'sink' ? '' : both(stage.bytesOut, stage.chunksOut),
    sizeText(stage.held),
    sizeText(stage.peakHeld),
    timeText(stage.working),
    timeText(stage.waitedForUpstream),
    timeText(stage.waitedForDownstream),
  ];
}

/** One part. */
class StageView {
  readonly item: HTMLElement;
  readonly #name: HTMLElement;
  readonly #state: HTMLElement;
  readonly #rows: readonly (readonly [HTMLElement, HTMLElement])[];
  #passed = 0;

  constructor(make: Make) {
    this.#name = make('span', 'name');
    this.#state = make('span', 'state');
    this.#rows = DETAILS.map((label) => {
      const term = make('dt');
      write(term, label);
      return [term, make('dd')] as const;
    });
    const basin = make('div', 'basin', make('div', 'water'));
    const gate = make('div', 'gate');
    const stream = make('div', 'stream');
    for (const drawn of [basin, gate, stream]) drawn.ariaHidden = 'true';
    const details = make(
      'details',
      '',
      make('summary', '', this.#name, this.#state),
      make('dl', '', ...this.#rows.flat()),
    );
    this.item = make('li', '', basin, details, gate, stream);
  }

  show(stage: StageReport, { next, scale, isSlowest, since }: Place): void {
    const { item } = this;
    write(this.#name, stage.name);
    write(this.#state, isSlowest ? `${stateText(stage)}, sets the pace` : stateText(stage));
    set(item, 'data-state', stage.state);
    set(item, 'data-pace', isSlowest ? '' : undefined);
    set(item, 'data-gate', stage.state === 'waiting for downstream' ? 'closed' : 'open');
    set(
      item,
      'data-fused',
      next !== undefined && next.fusedWith !== undefined && next.fusedWith === stage.fusedWith ? '' : undefined,
    );
    const passed = stage.bytesOut + (stage.chunksOut ?? 0);
    const rate = since > 0 ? ((passed - this.#passed) * 1000) / since : 0;
    set(item, 'data-flow', rate > 0 ? '' : undefined);
    this.#passed = passed;
    item.style.setProperty('--level', Math.sqrt(Math.min(1, stage.held / scale)).toFixed(3));
    // Ten times the bytes run a third faster.
    if (rate > 0) item.style.setProperty('--pace-of-flow', `${(3 / (1 + Math.log10(1 + rate))).toFixed(2)}s`);
    const values = detailsOf(stage);
    this.#rows.forEach(([term, value], n) => {
      const text = values[n] ?? '';
      write(value, text);
      term.hidden = value.hidden = text === '';
    });
  }
}

/** What a part is drawn with, besides its own report. */
interface Place {
  readonly next: StageReport | undefined;
  readonly scale: number;
  readonly isSlowest: boolean;
  /** Milliseconds since it was last drawn; 0 once nothing moves any more. */
  readonly since: number;
}

const FIGURES = ['per second', 'held', 'at most', 'time'] as const;

/** Draws reports into a shadow root. */
export class View {
  readonly #make: Make;
  readonly #why: HTMLElement;
  readonly #news: HTMLElement;
  readonly #list: HTMLElement;
  readonly #figures: readonly HTMLElement[];
  #stages: StageView[] = [];
  /** How long the pipeline had run when it was last drawn. */
  #elapsed = 0;

  constructor(root: ShadowRoot, style: CSSStyleSheet) {
    const page = root.ownerDocument;
    this.#make = (tag, className = '', ...children) => {
      const node = page.createElement(tag);
      if (className !== '') node.className = className;
      node.append(...children);
      return node;
    };
    const make = this.#make;
    root.adoptedStyleSheets = [style];
    this.#why = make('p', 'why');
    this.#news = make('p', 'news');
    this.#news.role = 'status';
    this.#list = make('ol');
    this.#list.ariaLabel = 'The parts of the pipeline, from the source to the sink';
    this.#figures = FIGURES.map(() => make('dd'));
    const figures = this.#figures.map((value, n) => {
      const term = make('dt');
      write(term, FIGURES[n]!);
      return make('div', '', term, value);
    });
    root.append(this.#why, make('dl', 'figures', ...figures), this.#list, this.#news);
  }

  /** Draws nothing but a sentence. */
  clear(text: string): void {
    write(this.#why, text);
    this.#stages = [];
    this.#elapsed = 0;
    this.#list.replaceChildren();
    for (const figure of this.#figures) write(figure, '');
  }

  show(report: PipelineReport): void {
    const { stages, bottleneck, held, peakHeld, bytesPerSecond, elapsed } = report;
    while (this.#stages.length < stages.length) this.#stages.push(new StageView(this.#make));
    if (this.#stages.length > stages.length) this.#stages.length = stages.length;
    if (this.#list.childElementCount !== stages.length)
      this.#list.replaceChildren(...this.#stages.map(({ item }) => item));
    const scale = Math.max(LEAST_SCALE, ...stages.map((stage) => stage.peakHeld));
    const since = report.state === 'running' ? elapsed - this.#elapsed : 0;
    this.#elapsed = elapsed;
    const slowest = report.state === 'running' ? bottleneck?.index : undefined;
    stages.forEach((stage, n) =>
      this.#stages[n]!.show(stage, { next: stages[n + 1], scale, isSlowest: stage.index === slowest, since }),
    );
    [sizeText(bytesPerSecond), sizeText(held), sizeText(peakHeld), timeText(elapsed)].forEach((text, n) =>
      write(this.#figures[n]!, text),
    );
    write(this.#why, sentenceOf(report));
    write(this.#news, newsOf(report));
  }
}
