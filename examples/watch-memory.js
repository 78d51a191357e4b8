import { codecMemory } from 'tidegate/codecs';

/**
 * Options for `pipeline()`. `report` gets, every `interval` milliseconds, the parts of the pipeline with the chunks that went into each and came out
 * of it. The pipeline fails when its queues hold more than `limit` bytes.
 */
export function watched(report, { limit = 64 * 2 ** 20, interval = 1000 } = {}) {
  return {
    memoryLimit: limit,
    progressInterval: interval,
    onProgress({ parts }) {
      report({
        parts: parts.map(({ name, chunksIn, chunksOut }) => ({ name, chunksIn, chunksOut })),
        codecs: codecMemory(), // { chains, bytes }
        memory: globalThis.process?.memoryUsage?.(), // in Node
      });
    },
  };
}
