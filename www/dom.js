/** The few things that every part of the page asks of the document. */

const SVG = 'http://www.w3.org/2000/svg';

/** @param {string} id @returns {any} the element; every id that the page's modules name is in index.html */
export const byId = (id) => document.getElementById(id);

/** An HTML element with properties and children. */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** An SVG element with attributes and children. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  set(node, attributes);
  node.append(...children);
  return node;
}

/** Sets several attributes. */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
}

/** Writes a text where it differs: an unchanged one costs no layout. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Whether the user asked for little motion, as of now. */
export const wantsStillness = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
