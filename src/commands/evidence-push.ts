/** `govboot evidence push`: to where the evidence outlives this machine. */
import { toJson } from '../kernel/json.ts';
import { pushEvidence, type PushOutcome } from '../street/vault-push.ts';
import type { CommandRun } from './command.ts';
import { orMeant } from './meant.ts';

export const evidencePush: CommandRun<'evidence push'> = async (ports, { environment, to }) => {
  const pushed = await orMeant(ports, environment, () => pushEvidence(ports, environment, to));
  for (const text of pushed.warnings) ports.emit({ type: 'warning', text });
  ports.emit({
    type: 'result',
    command: 'evidence push',
    value: toJson({ environment, ...pushed }),
    lines: linesOf(environment, pushed),
  });
};

function linesOf(environment: string, { place, created, stored, size, receipts }: PushOutcome): string[] {
  const all = `${String(stored)} files over ${String(size)} entries`;
  const head =
    created === 0 && receipts.length === 0
      ? `nothing to push: ${place.place} holds the evidence of ${environment}, ${all}`
      : `${place.place} holds the evidence of ${environment}: ${all}, ${String(created)} of them new`;
  return [
    head,
    ...receipts.map((name) => `receipt   ${name}`),
    ...(place.kind === 'folder'
      ? ['held      by nothing that the folder tells: whether it can be changed is up to its disk']
      : []),
  ];
}
