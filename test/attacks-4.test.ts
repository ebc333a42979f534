// A quarter of the scripts of test/threats; see harness/attacks.ts.
import { runShare } from './harness/attacks.ts';

runShare(4);
