/** `govboot prove`: one document that shows that an entry is in the ledger, or that the ledger has only grown. */
import { GovbootError } from '../kernel/errors.ts';
import { parseCheckpoint } from '../evidence/checkpoint.ts';
import { readLedger } from '../evidence/ledger.ts';
import { readOnce } from '../evidence/once.ts';
import { proofOf } from '../evidence/prove.ts';
import { flagOf } from '../street/next-command.ts';
import { verifyHere } from '../street/verify-here.ts';
import type { CommandRun } from './command.ts';
import { orMeant } from './meant.ts';
import { assertOutside } from './out-file.ts';

/** @throws EVIDENCE_INVALID, EVIDENCE_MISSING, USAGE, FILE_EXISTS */
export const prove: CommandRun<'prove'> = async (ports, { environment, entry, since, out }) => {
  if (out !== null) await assertOutside(ports, out);
  const kept = since === null ? null : parseCheckpoint(await ports.files.read(since));
  const store = readOnce(ports.evidence(environment));
  const anchor = kept === null ? {} : { anchor: kept };
  const report = await orMeant(ports, environment, () =>
    verifyHere(ports, environment, { store, ...anchor }),
  );
  // What is not valid must not be handed on as if it were.
  const first = report.answers.flatMap(({ findings }) => findings).find(({ is }) => is === 'bad');
  if (first !== undefined)
    throw new GovbootError(
      'EVIDENCE_INVALID',
      `the evidence of ${environment} does not verify, so nothing is proven by it: ${first.file}: ${first.what}`,
      { hint: `govboot verify ${environment}${flagOf(ports.mode)}` },
    );
  const bytes = await proofOf(store, await readLedger(store), { entry, since: kept });
  if (out !== null) await ports.files.create(out, bytes);
  const text = new TextDecoder().decode(bytes).trimEnd();
  ports.emit({
    type: 'result',
    command: 'prove',
    value: { environment, entry, since: kept?.size ?? null, file: out, proof: text },
    lines: out === null ? [text] : [`${out} proves it to whoever runs \`govboot verify --proof ${out}\``],
  });
};
