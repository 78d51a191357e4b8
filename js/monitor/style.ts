/**
 * How the monitor looks. A page changes the colours with the custom properties on the element. Dark colours follow the page's
 * `color-scheme`, so that a page that is always light stays legible.
 */
export const STYLE = `
:host {
  --water: var(--tidegate-water, #1287a0);
  --basin: var(--tidegate-basin, #e3eef1);
  --gate: var(--tidegate-gate, #41525a);
  --pace: var(--tidegate-pace, #a14d00);
  --bad: var(--tidegate-bad, #b3182d);
  --text: var(--tidegate-text, #17262c);
  --soft: var(--tidegate-soft, #4a5a61);
  display: block;
  color: var(--text);
  font: 14px/1.45 system-ui, sans-serif;
  container-type: inline-size;
}
:host([hidden]) { display: none; }
@supports (color: light-dark(white, black)) {
  :host {
    --water: var(--tidegate-water, light-dark(#1287a0, #3fb0c9));
    --basin: var(--tidegate-basin, light-dark(#e3eef1, #24343a));
    --gate: var(--tidegate-gate, light-dark(#41525a, #9db0b8));
    --pace: var(--tidegate-pace, light-dark(#a14d00, #ffb15c));
    --bad: var(--tidegate-bad, light-dark(#b3182d, #ff8a94));
    --text: var(--tidegate-text, light-dark(#17262c, #e6eef1));
    --soft: var(--tidegate-soft, light-dark(#4a5a61, #a9b8be));
  }
}
.why { margin: 0; min-height: 2.9em; font-weight: 600; text-wrap: pretty; }
.figures { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0 0 .75rem; }
.figures div { display: flex; gap: .4rem; align-items: baseline; }
dt { color: var(--soft); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.figures dd { font-weight: 600; min-width: 5.5em; }
ol { display: flex; margin: 0; padding: 0; list-style: none; }
li { position: relative; flex: 1 1 0; min-width: 0; padding-right: 1.25rem; }
li:last-child { padding-right: 0; }
.basin { position: relative; height: 4.5rem; overflow: hidden; border-radius: 3px; background: var(--basin); }
.water { position: absolute; inset: 0; background: var(--water); transform: scaleY(var(--level, 0)); transform-origin: bottom; transition: transform .25s linear; }
.gate { position: absolute; top: 0; right: .5rem; width: .25rem; height: 4.5rem; border-radius: 2px; background: var(--gate); transform: translateY(-62%); transition: transform .3s ease-out; }
li[data-gate='closed'] .gate { transform: none; }
li[data-fused] .gate, li:last-child .gate { display: none; }
li[data-fused] { padding-right: .15rem; }
.stream { position: absolute; top: 3.6rem; right: 0; width: 1.25rem; height: .9rem; background: var(--water); opacity: 0; }
li[data-flow] .stream { opacity: .9; background: repeating-linear-gradient(90deg, var(--water) 0 6px, transparent 6px 10px); animation: flow var(--pace-of-flow, 1s) linear infinite; }
li:last-child .stream { display: none; }
@keyframes flow { to { background-position: 10px 0; } }
li[data-pace] .basin { outline: 2px solid var(--pace); outline-offset: 2px; }
li[data-pace] .state { color: var(--pace); font-weight: 600; }
li[data-state='failed'] .basin { outline: 2px solid var(--bad); outline-offset: 2px; }
li[data-state='failed'] .state { color: var(--bad); font-weight: 600; }
li[data-state='torn down'] .basin, li[data-state='ended'] .basin { opacity: .55; }
summary { padding: .35rem 0; cursor: pointer; border-radius: 3px; overflow-wrap: anywhere; }
summary:focus-visible { outline: 2px solid var(--water); outline-offset: 2px; }
.name { font-weight: 600; }
.state { display: block; color: var(--soft); }
details dl { display: grid; grid-template-columns: auto 1fr; gap: 0 .6rem; margin: 0 0 .5rem; font-size: .93em; }
.news { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (max-width: 34rem) {
  ol { flex-direction: column; gap: .5rem; }
  li, li[data-fused] { display: grid; grid-template-columns: 4.5rem 1fr; gap: .75rem; padding: 0; }
  .basin { height: 100%; min-height: 2.9rem; }
  .gate, .stream { display: none; }
  li[data-gate='closed']:not(:last-child):not([data-fused])::after { content: ''; position: absolute; left: 0; bottom: -.4rem; width: 4.5rem; height: .25rem; border-radius: 2px; background: var(--gate); }
}
@media (prefers-reduced-motion: reduce) {
  .water, .gate { transition: none; }
  li[data-flow] .stream { animation: none; }
}
@media (forced-colors: active) {
  .water { background: Highlight; forced-color-adjust: none; }
  .basin { border: 1px solid; }
  .gate { background: CanvasText; }
}
`;
