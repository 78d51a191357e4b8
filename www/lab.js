/** The lab's page: the canal first, and then what stands below it. */

import { Address } from './address.js';
import { Canal } from './canal/canal.js';

const address = new Address();
address.add(new Canal(address.changed));

const [{ Flood }, { YourFile }, { Race }] = await Promise.all([
  import('./flood/flood.js'),
  import('./file/file.js'),
  import('./race/race.js'),
]);
new Flood();
address.add(new YourFile(address.changed));
address.add(new Race(address.changed));

// What stands above has its size only now.
if (location.hash && scrollY === 0) document.getElementById(location.hash.slice(1))?.scrollIntoView();
document.documentElement.dataset.ready = 'true';
