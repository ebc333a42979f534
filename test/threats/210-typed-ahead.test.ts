// threat: more
// area: confirmation
// tried: APPLY is typed ahead, before the question for it is there, so that it would answer whatever is asked next.
// answer: CONFIRM
import { test } from 'vitest';
import { denyAtTerminal } from '../harness/at-terminal.ts';

const DECLINED = { code: 'CONFIRM', wrong: /declined/, quiet: true } as const;

test('together with the Enter of the token', async () => {
  await denyAtTerminal(DECLINED, async (seat) => {
    const token = await seat.token();
    await seat.terminal.type(token);
    seat.terminal.typeBurst('\rAPPLY\r');
    await seat.terminal.waitFor(/APPLY to begin: $/m);
    await seat.terminal.type('\u0003');
  });
});

test('while the plan is made', async () => {
  await denyAtTerminal(DECLINED, async (seat) => {
    seat.terminal.typeBurst('APPLY\rAPPLY\rAPPLY\rAPPLY\r');
    await seat.token();
    await seat.terminal.type('\u0003');
  });
});
