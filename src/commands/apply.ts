/** `govboot apply`: the whole street. */
import { apply as applyStreet } from '../pipeline.ts';
import type { CommandRun } from './command.ts';

export const apply: CommandRun<'apply'> = async (ports, { environment, intent, resume }) => {
  const applied = await applyStreet(ports, { environment, intent, resume });
  const flag = ports.mode === 'REHEARSAL' ? ' --rehearse' : '';
  const rehearsed = ports.mode === 'REHEARSAL' ? ' (REHEARSAL: no cloud was touched)' : '';
  const lines =
    applied.outcome === 'nothing to do'
      ? [
          `nothing to do: the backend of ${environment} is as its lock says${rehearsed}`,
          `lock      ${applied.lockSha256 ?? ''}`,
        ]
      : [
          `the backend of ${environment} is bootstrapped and locked${rehearsed}`,
          `done      ${String(applied.steps)} steps in ${(applied.ms / 1000).toFixed(1)} s`,
          `lock      ${applied.lockSha256 ?? ''}`,
          `evidence  ${applied.where}`,
          'next:',
          `  govboot verify ${environment}${flag}`,
          `  govboot backend render ${environment}${flag}`,
          '  commit the evidence and the intent, and copy evidence/…/checkpoint where you cannot rewrite it',
        ];
  ports.emit({ type: 'result', command: 'apply', value: { ...applied, ms: Math.round(applied.ms) }, lines });
};
