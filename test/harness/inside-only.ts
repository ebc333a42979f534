/** Codes that no test of the whole program shows, each with the reason. Short, and to stay so: test/rooms/errors.test.ts watches it. */
import type { Code } from '../../src/kernel/codes.ts';

export const INSIDE_ONLY: Readonly<Partial<Record<Code, string>>> = {
  NOT_OFFERED: 'AWS offers every control of the table, so only a store that is still to come can lack one',
  RESOURCE_NOT_ALLOWED:
    'the parity gate refuses a policy that does not list what it needs, so the plan behind it never meets one',
  CALL_NOT_ALLOWED: 'no code makes such a call; it guards against a change of the program that would',
  BUG: 'a test that could bring it about would be a bug to mend',
};
