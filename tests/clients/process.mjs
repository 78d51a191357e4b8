/** One job in one mode, in a process of its own: `process.mjs JOB MODE URL` prints what the job returns. */
import { enter } from './modes.mjs';

const [job, mode, url] = process.argv.slice(2);
const unhandled = [];
process.on('unhandledRejection', (error) => unhandled.push(String(error?.stack ?? error)));
const env = { ...(await enter(mode, '../../dist')), place: 'node', url };
const { run } = await import(`./jobs/${job}.mjs`);
const result = await run(env);
process.stdout.write(JSON.stringify({ result, unhandled }), () => process.exit());
