// threat: 58
// area: confirmation
// tried: The run is killed, or stopped with Ctrl-C, after APPLY and before the lock; then it is begun anew as if nothing had been.
// answer: RECOVERY_REQUIRED
import process from 'node:process';
import { expect, test } from 'vitest';
import { scene, sit, type Scene, type Seat } from '../harness/at-terminal.ts';
import { runCli } from '../harness/cli.ts';
import { look, problemsOf } from '../harness/deny.ts';
import { worldForges } from '../harness/forges/world.ts';

/** Slow enough that the run can be met in the middle of its steps. */
const SLOW = '{"latencyMs": 60}';

const argsOf = ({ fixture: { env } }: Scene): readonly string[] => [
  ...['apply', 'dev', '--rehearse', '--key'],
  `${env['KEYS'] ?? ''}/alice.key`,
];

async function begun(place: Scene): Promise<Seat> {
  const { fixture, work } = place;
  await worldForges['rehearsal-script']?.({ cwd: work, work, env: fixture.env, governed: fixture }, [SLOW]);
  const seat = await sit(place, { args: argsOf(place) });
  await seat.word();
  await seat.terminal.type('APPLY\r');
  return seat;
}

test.each<[string, (seat: Seat) => unknown]>([
  ['SIGKILL', ({ pid }) => process.kill(pid, 'SIGKILL')],
  ['SIGTERM', ({ pid }) => process.kill(pid, 'SIGTERM')],
  ['Ctrl-C', ({ terminal }) => terminal.type('\u0003')],
])('%s', async (_how, end) => {
  // Nothing of the backend is there, so that there is something to do in the middle of which it can be met.
  const place = await scene('governed');
  const { root, env } = place.fixture;
  const first = await begun(place);
  await first.terminal.waitFor(/✓ create role-operator|✓ create state-key|✓ claim the environment/, 30_000);
  await end(first);
  expect((await first.terminal.exit).code).not.toBe(0);

  const before = look(root, env['XDG_STATE_HOME'] ?? '');
  const again = await runCli(argsOf(place), { cwd: root, env });
  const wanted = { code: 'RECOVERY_REQUIRED', wrong: /run [0-9a-f-]{36}/, records: 'an entry' } as const;
  expect(problemsOf(again, wanted, before, look(root, env['XDG_STATE_HOME'] ?? ''), root)).toEqual([]);

  const resumed = await sit(place, { args: [...argsOf(place), '--resume'] });
  await resumed.word();
  await resumed.terminal.type('APPLY\r');
  expect((await resumed.terminal.exit).code, resumed.terminal.screen()).toBe(0);
  expect((await runCli(['verify', 'dev', '--rehearse'], { cwd: root, env })).code).toBe(0);
});
