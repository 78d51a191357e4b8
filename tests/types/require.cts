/** `require` has types of its own kind. */
import tidegate = require('tidegate');

export const stream: tidegate.ReadableStream<string> = new tidegate.ReadableStream<string>();
