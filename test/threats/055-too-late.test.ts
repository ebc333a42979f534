// threat: 55
// area: confirmation
// tried: The token, or APPLY, is typed more than five minutes after it was asked for.
// answer: CONFIRM
import { test } from 'vitest';
import { denyAtTerminal } from '../harness/at-terminal.ts';
import { moveClock, withMovableClock } from '../harness/moved-clock.ts';

const LATE = {
  code: 'CONFIRM',
  wrong: /the confirmation expired after 300 s/,
  program: withMovableClock,
} as const;

test('the token', async () => {
  await denyAtTerminal(LATE, async (seat, place) => {
    const token = await seat.token();
    moveClock(place, { monotonic: 300_000, wall: 300_000 });
    await seat.terminal.type(`${token}\r`);
  });
});

test('the word', async () => {
  await denyAtTerminal(LATE, async (seat, place) => {
    await seat.word();
    moveClock(place, { monotonic: 300_000, wall: 300_000 });
    await seat.terminal.type('APPLY\r');
  });
});
