/** The server that the page has: the lab's, or, where the page is only files, a worker of its own. */

import { LabDownload } from './lab.js';
import { LocalDownload } from './local.js';

/** Whether the page is only files. `npm run build:www` marks it so. */
export const isLocal = document.documentElement.dataset.server === 'local';

/** @param {string} size "endless", or a size as in "16MB" */
export const openDownload = (size) => (isLocal ? new LocalDownload() : new LabDownload(size));
