/** A worker that knows nothing of tidegate. */
import * as Comlink from 'comlink';
import { api } from './comlink.mjs';

Comlink.expose(api(globalThis));
