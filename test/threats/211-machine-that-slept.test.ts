// threat: more
// area: confirmation
// tried: The machine is put to sleep at the question, where the monotonic clock stands still, and APPLY is typed the next morning.
// answer: CONFIRM
import { test } from 'vitest';
import { denyAtTerminal } from '../harness/at-terminal.ts';
import { moveClock, withMovableClock } from '../harness/moved-clock.ts';

test('the wall clock has gone on', async () => {
  const wanted = {
    code: 'CONFIRM',
    wrong: /the confirmation expired after 300 s/,
    program: withMovableClock,
  };
  await denyAtTerminal(wanted, async (seat, place) => {
    await seat.word();
    moveClock(place, { monotonic: 0, wall: 8 * 3_600_000 });
    await seat.terminal.type('APPLY\r');
  });
});
