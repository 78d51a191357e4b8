import { answer } from './answer.js';

self.onmessage = ({ data }) => answer(data, (message, list) => self.postMessage(message, list));
