/** Does not compile: so a test knows that a compiler tells. */
import { toNative } from 'tidegate';

toNative(5);
