/** In place of `import.meta.url` where a file is a classic script. Read while the script runs, when it is the current one. */
export const scriptUrl = globalThis.document?.currentScript?.src ?? globalThis.location?.href;
