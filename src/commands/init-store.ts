/** The question about a store for the evidence, and its lines in the policy. */
import { parseStoreDays } from './init-options.ts';
import { askFor, chooseFrom, type Asking } from './questions.ts';

/** 7 years with their leap days. */
const USUAL_DAYS = '2557';

/** Days, or null for none, which is what is suggested: nobody can take it back. */
export async function askStore(ports: Asking): Promise<number | null> {
  const chosen = await chooseFrom(ports, {
    about:
      'A second bucket for the evidence, kept by S3 Object Lock in COMPLIANCE mode. What is stored there cannot be deleted until its time ends: not by you, not by break-glass, not by the root user, not by AWS. It is paid for all that time, and the account cannot be emptied before.',
    message: 'store for the evidence',
    choices: [
      { value: 'none', text: 'none', about: 'evidence lies in git; a store can be added later' },
      { value: 'store', text: 'a bucket that nobody can delete from', about: 'cannot be undone by anybody' },
    ],
    initial: 'none',
  });
  if (chosen !== 'store') return null;
  return askFor(ports, {
    about:
      'Days for which each object is kept. It can be made longer later, and never shorter for what is stored.',
    message: 'days of retention',
    initial: USUAL_DAYS,
    read: parseStoreDays,
  });
}

/** The lines of the policy; nothing where there is no store. */
export function storeLines(days: number | null): string {
  if (days === null) return '';
  return [
    '',
    '',
    '# A second bucket, for the evidence, with a key of its own. COMPLIANCE: nobody can delete what was stored, not even the root user,',
    '# before retention_days have passed. They can be made more, and never fewer for what is stored.',
    'evidence_store:',
    '  bucket: "{organisation}-{environment}-evidence-{account}-{region}"',
    '  key_alias: "alias/{organisation}-{environment}-evidence"',
    `  retention_days: ${String(days)}`,
  ].join('\n');
}

/** Types of resource that it takes, as they stand in the list of those that may be made. */
export function storeKinds(days: number | null): string {
  return days === null ? '' : ', evidence-bucket, evidence-key';
}
