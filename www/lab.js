/** The lab's page. */

import { keepAddress } from './address.js';
import { Canal } from './canal/canal.js';

keepAddress((changed) => [new Canal(changed)]);
