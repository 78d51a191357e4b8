/**
 * tidegate: the classes of the WHATWG Streams Standard on a core of its own, pipelines over them, and bridges to native
 * streams.
 *
 * @see https://streams.spec.whatwg.org/
 * @module
 */
export * from './streams.js';
export * from './channels.js';
export * from './operators.js';
export * from './parts.js';
export * from './pipelines.js';
export * from './sinks.js';
export * from './sources.js';
export * from './transfers.js';
