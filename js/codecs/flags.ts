/** Numbers that go to the modules as they are: flags of text (src/wasm/codecs/mod.rs, csv.rs), and the level of compression. */

export const FATAL = 1;
export const IGNORE_BOM = 2;
export const KEEP_EMPTY_LINES = 4;
export const KEEP_RAGGED = 8;
export const WITH_TABLE = 16;
export const CR_ENDS_ROW = 32;
export const AUTO_DELIMITER = 64;

/** Of json (src/wasm/codecs/text.rs). */
export const JSON_ENTRIES = 1;
export const JSON_MISSING_IS_ERROR = 2;

export const DEFAULT_LEVEL = 6;
