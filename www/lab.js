/** The lab's page. */

import { keepAddress } from './address.js';
import { Canal } from './canal/canal.js';
import { YourFile } from './file/file.js';
import { Flood } from './flood/flood.js';
import { Race } from './race/race.js';

keepAddress((changed) => [new Canal(changed), new Flood(), new YourFile(changed), new Race(changed)]);
