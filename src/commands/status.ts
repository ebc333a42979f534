/** `govboot status`: where this repository and its environments stand, and the next command. Offline; nothing is written. */
import { safe } from '../kernel/text.ts';
import { assertKnown } from '../street/environments.ts';
import { withoutCloud } from '../street/parts.ts';
import { readStanding } from '../street/standing.ts';
import type { CommandRun } from './command.ts';
import { statusJson } from './status-json.ts';
import { nextOf } from './status-next.ts';
import { statusRows } from './status-rows.ts';

/** @throws USAGE for an environment that the policy does not have; what is wrong is told, and does not end it */
export const status: CommandRun<'status'> = async (ports, { environment }) => {
  const standing = await readStanding(withoutCloud(ports, 'status'), environment);
  if (environment !== null && standing.policy.is === 'seen') assertKnown(standing.policy.value, environment);
  const sections = statusRows(standing);
  for (const { section, rows } of sections)
    for (const row of rows) ports.emit({ type: 'row', command: 'status', section, ...row });
  const next = safe(nextOf(standing));
  ports.emit({
    type: 'result',
    command: 'status',
    value: { mode: ports.mode, next, standing: statusJson(standing) },
    lines: [`next: ${next}`],
  });
};
