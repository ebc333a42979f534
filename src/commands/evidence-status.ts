/** `govboot evidence status`: how a store stands to the evidence. */
import { GovbootError } from '../kernel/errors.ts';
import type { Event } from '../kernel/events.ts';
import { toJson } from '../kernel/json.ts';
import { clip } from '../kernel/text.ts';
import { pushCommand } from '../street/next-command.ts';
import { vaultStanding, type VaultStanding } from '../street/vault-status.ts';
import type { CommandRun } from './command.ts';
import { orMeant } from './meant.ts';

type Row = Pick<Extract<Event, { type: 'row' }>, 'label' | 'status' | 'text' | 'mend'>;

/** @throws VAULT_CONFLICT, WORM_SHADOWED, WORM_WEAK, EVIDENCE_PENDING after all was shown: the worst of what was seen */
export const evidenceStatus: CommandRun<'evidence status'> = async (ports, { environment, store }) => {
  const standing = await orMeant(ports, environment, () => vaultStanding(ports, environment, store));
  const push = pushCommand(environment, store, ports.mode);
  for (const row of rowsOf(standing, push))
    ports.emit({ type: 'row', command: 'evidence status', section: environment, ...row });
  ports.emit({
    type: 'result',
    command: 'evidence status',
    value: toJson({ environment, mode: ports.mode, ...standing }),
    lines: [],
  });
  const worst = worstOf(standing, push);
  if (worst !== null) throw worst;
};

function rowsOf(standing: VaultStanding, push: string): readonly Row[] {
  const { place, files, pending, untold, lastReceipt, told, heldUntil, findings } = standing;
  const stored = files - pending.length;
  const isFolder = place.kind === 'folder';
  const held = isFolder
    ? 'by nothing that the folder tells: whether it can be changed is up to its disk'
    : heldUntil === null
      ? 'nothing holds all of it'
      : `until ${heldUntil} or longer`;
  return [
    { label: '', status: 'plain', text: place.place, mend: null },
    pending.length === 0
      ? { label: 'stored', status: 'ok', text: `all ${String(files)} files`, mend: null }
      : {
          label: 'stored',
          status: 'warning',
          text: `${String(stored)} of ${String(files)} files; pending are ${someOf(pending)}`,
          mend: push,
        },
    lastReceipt === null || untold.length > 0
      ? {
          label: 'receipt',
          status: 'warning',
          text: lastReceipt === null ? 'none of this place' : `none of ${someOf(untold)}`,
          mend: push,
        }
      : {
          label: 'receipt',
          status: 'ok',
          text: `of ${lastReceipt.time}, over ${String(lastReceipt.size)} entries; ${String(told)} objects`,
          mend: null,
        },
    ...(told === 0
      ? []
      : [
          {
            label: 'held',
            status: isFolder || heldUntil !== null ? 'ok' : 'warning',
            text: held,
            mend: null,
          } as const,
        ]),
    ...findings.map(({ code, key, what, hint }): Row => ({
      label: 'wrong',
      status: 'wrong',
      text: `${code}: ${key}: ${what}`,
      mend: hint,
    })),
  ];
}

function someOf(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${String(names.length - 3)} more` : '';
  return `${clip(names.slice(0, 3).join(', '), 200)}${more}`;
}

const WORST_FIRST = ['VAULT_CONFLICT', 'WORM_SHADOWED', 'WORM_WEAK'] as const;

function worstOf({ place, pending, untold, findings }: VaultStanding, push: string): GovbootError | null {
  for (const code of WORST_FIRST) {
    const found = findings.filter((finding) => finding.code === code);
    const [first] = found;
    if (first !== undefined)
      return new GovbootError(code, `${place.place}: ${first.key}: ${first.what}`, {
        data: { keys: found.map(({ key }) => key) },
      });
  }
  const open = pending.length + untold.length;
  if (open === 0) return null;
  return new GovbootError(
    'EVIDENCE_PENDING',
    pending.length > 0
      ? `${place.place} lacks ${String(pending.length)} files of the evidence`
      : `no receipt tells of ${String(untold.length)} files in ${place.place}`,
    { hint: push, data: { pending: [...pending], untold: [...untold] } },
  );
}
