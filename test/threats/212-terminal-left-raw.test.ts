// threat: more
// area: confirmation
// tried: The run is ended at the question by a key, by a signal, or by stopping and continuing it, so that it would leave the terminal raw.
// answer: CONFIRM
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { denyAtTerminal, scene, sit, type Seat } from '../harness/at-terminal.ts';
import { look } from '../harness/deny.ts';

const kill =
  (...signals: readonly NodeJS.Signals[]) =>
  ({ pid }: Seat): void =>
    signals.forEach((signal) => process.kill(pid, signal));
const type =
  (keys: string) =>
  ({ terminal }: Seat): Promise<void> =>
    terminal.type(keys);

test.each<[string, (seat: Seat) => unknown]>([
  ['Ctrl-C', type('\u0003')],
  ['Ctrl-D', type('\u0004')],
  ['Ctrl-\\', type('\u001c')],
  ['Ctrl-Z, which does nothing, and then Ctrl-C', type('\u001a\u0003')],
  ['SIGTERM', kill('SIGTERM')],
  ['SIGHUP', kill('SIGHUP')],
  ['SIGSTOP and SIGCONT', kill('SIGSTOP', 'SIGCONT')],
])('%s', async (_how, end) => {
  await denyAtTerminal({ code: 'CONFIRM', wrong: /declined/, quiet: true }, async (seat) => {
    await seat.word();
    await end(seat);
  });
});

test('the window is closed: the shell is gone, and the refusal is on record all the same', async () => {
  const place = await scene();
  const { root, env } = place.fixture;
  const before = look(root, env['XDG_STATE_HOME'] ?? '');
  const seat = await sit(place);
  await seat.word();
  seat.terminal.kill('SIGKILL');
  await seat.terminal.exit;
  while (isAlive(seat.pid)) await delay(50);
  const after = look(root, env['XDG_STATE_HOME'] ?? '');
  expect(after.cloud).toEqual(before.cloud);
  expect(after.files).toEqual(before.files);
  expect(after.ledger.size).toBe(before.ledger.size + 1);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: it is gone.
    return false;
  }
}
