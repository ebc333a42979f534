// threat: 54
// area: confirmation
// tried: At a real terminal the answers are piped, CI is set, or the process is cut off from the terminal.
// answer: NOT_INTERACTIVE
import { test } from 'vitest';
import { whereIs } from '../harness/capabilities.ts';
import { denyAtTerminal } from '../harness/at-terminal.ts';

const untouched = (): Promise<void> => Promise.resolve();

test('yes APPLY | govboot apply', async () => {
  const wanted = {
    code: 'NOT_INTERACTIVE',
    wrong: /standard input is not a terminal/,
    around: 'yes APPLY | {}',
  };
  await denyAtTerminal(wanted, untouched);
});

test.each(['true', '1', 'woodpecker'])('CI=%s', async (CI) => {
  const wanted = {
    code: 'NOT_INTERACTIVE',
    wrong: new RegExp(`CI is "${CI}": nobody is at the terminal`),
    env: { CI },
  };
  await denyAtTerminal(wanted, untouched);
});

test.skipIf(whereIs('setsid') === null)('in a session of its own, which has no terminal', async () => {
  const wanted = {
    code: 'NOT_INTERACTIVE',
    wrong: /the controlling terminal cannot be opened: ENXIO/,
    around: 'setsid --wait {}',
  };
  await denyAtTerminal(wanted, untouched);
});
