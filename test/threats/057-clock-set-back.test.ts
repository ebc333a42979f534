// threat: 57, 74
// area: confirmation
// tried: The clock of the machine is set back, so that a token that has expired, or an intent that was used, seems to be fresh.
// answer: CONFIRM, CLOCK
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { denyAtTerminal, scene, sit } from '../harness/at-terminal.ts';
import { shown } from '../harness/shown.ts';
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

test('the ledger knows of a later time', async () => {
  const place = await scene();
  const ledger = join(place.fixture.root, 'evidence', 'rehearsal', 'dev', 'ledger');
  const last = readdirSync(ledger)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .at(-1);
  const { time } = JSON.parse(readFileSync(join(ledger, last ?? ''), 'utf8')) as { time: string };
  // A little earlier than the entry, so that what was signed before it is not from the future.
  moveClock(place, { monotonic: 0, wall: Date.parse(time) - 5_000 - Date.now() });
  const { terminal } = await sit(place, { program: withMovableClock });
  expect((await terminal.exit).code).toBe(3);
  const view = await terminal.view();
  expect(view.replaceAll(/\s+/g, ' ')).toMatch(
    shown('CLOCK', 'it is … on this machine, and the last ledger entry was made at …', 'set the clock'),
  );
  rmSync(place.work, { recursive: true });
});
