// threat: 57
// area: confirmation
// tried: The clock of the machine is set back, so that a token that has expired seems to be fresh.
// answer: CONFIRM
import { test } from 'vitest';
import { denyAtTerminal } from '../harness/at-terminal.ts';
import { moveClock, withMovableClock } from '../harness/moved-clock.ts';

test('the monotonic clock goes on', async () => {
  const wanted = {
    code: 'CONFIRM',
    wrong: /the confirmation expired after 300 s/,
    program: withMovableClock,
  };
  await denyAtTerminal(wanted, async (seat, place) => {
    await seat.word();
    moveClock(place, { monotonic: 400_000, wall: 0 });
    await seat.terminal.type('APPLY\r');
  });
});
