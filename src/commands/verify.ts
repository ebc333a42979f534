/** `govboot verify`: the evidence of an environment, offline. */
import { toJson } from '../kernel/json.ts';
import { GovbootError } from '../kernel/errors.ts';
import { parseCheckpoint } from '../evidence/checkpoint.ts';
import { openVault } from '../street/vault-place.ts';
import { verifyHere } from '../street/verify-here.ts';
import type { CommandRun } from './command.ts';
import { judgedBy } from './judged-by.ts';
import { orMeant } from './meant.ts';

export const verify: CommandRun<'verify'> = async (ports, { environment, anchor, store = null }) => {
  const kept = anchor === null ? {} : { anchor: parseCheckpoint(await ports.files.read(anchor)) };
  const asked = store === null ? {} : { vault: (await openVault(ports, environment, store)).vault };
  const report = await orMeant(ports, environment, () =>
    verifyHere(ports, environment, { ...kept, ...asked }),
  );
  for (const answer of report.answers) {
    ports.emit({
      type: 'gate',
      gate: answer.axis,
      status: answer.status === 'ok' ? 'pass' : answer.status === 'bad' ? 'fail' : 'undefined',
      because: answer.because,
      findings: answer.findings.map((finding) => ({
        code: answer.status === 'bad' ? 'EVIDENCE_INVALID' : 'EVIDENCE_UNDECIDED',
        message: `${finding.file}: ${finding.what}`,
        hint: finding.hint,
      })),
    });
  }
  const by = report.overall === 'ok' ? [await judgedBy(ports)] : [];
  const lines = [...report.summary, ...by];
  ports.emit({ type: 'result', command: 'verify', value: toJson(report), lines });
  if (report.overall === 'bad')
    throw new GovbootError('EVIDENCE_INVALID', `the evidence of ${environment} is not valid`);
  if (report.overall === 'undecided')
    throw new GovbootError(
      'EVIDENCE_UNDECIDED',
      `a part of the evidence of ${environment} could not be judged`,
    );
};
