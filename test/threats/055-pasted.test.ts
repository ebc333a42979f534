// threat: 55
// area: confirmation
// tried: Token and APPLY are pasted: in one burst, between the marks of the terminal, in two halves, or slowly behind a Ctrl-U.
// answer: CONFIRM
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'vitest';
import { denyAtTerminal } from '../harness/at-terminal.ts';
import { shown } from '../harness/shown.ts';

const PASTED = {
  code: 'CONFIRM',
  wrong: shown('CONFIRM', 'the answer was pasted, not typed', 'run it again and type exactly what is shown'),
} as const;

test.each<[string, (both: string) => readonly string[]]>([
  ['in one burst', (both) => [both]],
  ['between the marks', (both) => [`\u001b[200~${both}\u001b[201~`]],
  ['with the marks broken in two', (both) => [`\u001b[20`, `0~${both}\u001b[201~`]],
  ['in two halves', (both) => [both.slice(0, 5), both.slice(5)]],
  ['token first, then the rest', (both) => [both.slice(0, 11), both.slice(11)]],
  ['key by key, between the marks and behind a Ctrl-U', (both) => [...`\u001b[200~\u0015${both}`]],
])('both, %s', async (_how, parts) => {
  await denyAtTerminal(PASTED, async (seat) => {
    const token = await seat.token();
    for (const part of parts(`${token}\rAPPLY\r`)) {
      seat.terminal.typeBurst(part);
      // A slow connection, not a pause of the test.
      await delay(15);
    }
  });
});

test('the word alone', async () => {
  await denyAtTerminal(PASTED, async (seat) => {
    await seat.word();
    seat.terminal.typeBurst('APPLY\r');
  });
});
