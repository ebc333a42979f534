/** `govboot verify`: the evidence of an environment, offline; in a repository, or as it was handed over. */
import { toJson } from '../kernel/json.ts';
import { GovbootError } from '../kernel/errors.ts';
import { parseCheckpoint } from '../evidence/checkpoint.ts';
import type { VerifyReport } from '../evidence/report.ts';
import { verifyHere, verifyThere } from '../street/verify-here.ts';
import type { Ports } from '../ports.ts';
import type { CommandOptions, CommandRun } from './command.ts';
import { judgedBy } from './judged-by.ts';
import { orMeant } from './meant.ts';

export const verify: CommandRun<'verify'> = async (ports, options) => {
  const report = await reportOf(ports, options);
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
  const of = options.environment ?? report.origin.environment;
  if (report.overall === 'bad')
    throw new GovbootError('EVIDENCE_INVALID', `the evidence of ${of} is not valid`);
  if (report.overall === 'undecided')
    throw new GovbootError('EVIDENCE_UNDECIDED', `a part of the evidence of ${of} could not be judged`);
};

async function reportOf(
  ports: Ports,
  { environment, from, anchor }: CommandOptions['verify'],
): Promise<VerifyReport> {
  const kept = anchor === null ? {} : { anchor: parseCheckpoint(await ports.files.read(anchor)) };
  if (from !== null) return verifyThere(ports, from, environment, kept);
  // The parser lets nobody through who named neither.
  const name = environment ?? '';
  return orMeant(ports, name, () => verifyHere(ports, name, kept));
}
