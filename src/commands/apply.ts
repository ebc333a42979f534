/** `govboot apply`: the whole street. */
import { apply as applyStreet } from '../pipeline.ts';
import { GovbootError } from '../kernel/errors.ts';
import { toJson } from '../kernel/json.ts';
import type { Mode } from '../inputs/facts.ts';
import type { ApprovalFiles } from '../street/approval.ts';
import { flagOf, pushCommand } from '../street/next-command.ts';
import { pushAfter, type KeptAfter } from '../street/vault-after.ts';
import type { CommandRun } from './command.ts';

export const apply: CommandRun<'apply'> = async (ports, { environment, intent, resume, approvals }) => {
  const applied = await applyStreet(ports, { environment, intent, resume }, approvalOf(approvals));
  const kept = await pushAfter(ports, environment);
  const flag = flagOf(ports.mode);
  const rehearsed = ports.mode === 'REHEARSAL' ? ' (REHEARSAL: no cloud was touched)' : '';
  const lines =
    applied.outcome === 'nothing to do'
      ? [
          `nothing to do: the backend of ${environment} is as its lock says${rehearsed}`,
          `lock      ${applied.lockSha256 ?? ''}`,
          ...storeLines(kept, environment, ports.mode),
        ]
      : [
          `the backend of ${environment} is bootstrapped and locked${rehearsed}`,
          `done      ${String(applied.steps)} steps in ${(applied.ms / 1000).toFixed(1)} s`,
          `lock      ${applied.lockSha256 ?? ''}`,
          `evidence  ${applied.where}`,
          ...storeLines(kept, environment, ports.mode),
          'next:',
          `  govboot verify ${environment}${flag}`,
          `  govboot backend render ${environment}${flag}`,
          '  commit the evidence and the intent, and copy evidence/…/checkpoint where you cannot rewrite it',
        ];
  const value = { ...applied, ms: Math.round(applied.ms), ...(kept === null ? {} : { store: toJson(kept) }) };
  ports.emit({ type: 'result', command: 'apply', value, lines });
};

function storeLines(kept: KeptAfter | null, environment: string, mode: Mode): readonly string[] {
  if (kept === null) return [];
  return kept.is === 'stored'
    ? [`store     ${kept.place.place}${kept.receipts.length === 0 ? '' : `, ${kept.receipts.join(', ')}`}`]
    : [`store     PENDING; next: ${pushCommand(environment, null, mode)}`];
}

/** Signatures that are read; more people than a threshold can ask for. */
const MOST_SIGNATURES = 32;

/** `plan.json.FINGERPRINT.asc`, once or more: the signatures of one plan, which lies beside them. @throws USAGE */
function approvalOf(approvals: readonly string[]): ApprovalFiles | null {
  const signatures = [...new Set(approvals)];
  if (signatures.length > MOST_SIGNATURES)
    throw new GovbootError(
      'USAGE',
      `${String(signatures.length)} approvals are given, more than ${String(MOST_SIGNATURES)}`,
    );
  const plans = new Set(signatures.map(planNameOf));
  const [plan, another] = plans;
  if (plan === undefined) return null;
  if (another !== undefined)
    throw new GovbootError('USAGE', `the approvals are of two plans: ${plan} and ${another}`, {
      hint: 'one apply carries out one plan: give the approvals of that one',
    });
  return { plan, signatures };
}

function planNameOf(signature: string): string {
  const plan = /^(.+)\.[0-9A-F]{40}\.asc$/s.exec(signature)?.[1];
  if (plan === undefined)
    throw new GovbootError('USAGE', `--approval is "${signature}", not the name of an approval`, {
      hint: '`govboot approve FILE` writes FILE.FINGERPRINT.asc beside FILE; keep both names',
    });
  return plan;
}
