/** What govboot says of one vector: at the gate, and to an auditor. */
import { answerSignature } from '../../src/evidence/verify-signature.ts';
import { readLedger } from '../../src/evidence/ledger.ts';
import { collectFindings } from '../../src/evidence/report.ts';
import { judgeSignature } from '../../src/gates/signature.ts';
import type { Instant } from '../../src/kernel/time.ts';
import type { Verifier } from '../../src/ports.ts';
import type { filesOf } from './verifier-table.ts';

export interface Judged {
  /** `good`, or the code. */
  readonly gate: string;
  readonly audit: string;
  /** What a person is told by the gate; '' when it is good. */
  readonly message: string;
}

type Files = ReturnType<typeof filesOf>;

export async function judge(verifier: Verifier, files: Files, at: Instant): Promise<Judged> {
  // A key file of another form is refused as itself, by the check `trust.keys`.
  const problem = (await verifier.keys(files.keys)).find((read) => read.is === 'problem');
  if (problem?.is === 'problem') {
    const { code, wrong } = problem.problem;
    return { gate: code, audit: await auditOf(verifier, files, at), message: `${problem.file}: ${wrong}` };
  }
  const verdict = judgeSignature(await verifier.verify({ ...files, at }), at);
  return {
    gate: verdict.is === 'signed' ? 'good' : verdict.finding.code,
    audit: await auditOf(verifier, files, at),
    message: verdict.is === 'signed' ? '' : verdict.finding.message,
  };
}

async function auditOf(verifier: Verifier, { data, signature, keys }: Files, now: Instant): Promise<string> {
  const nothing = { list: async () => [], read: async () => null };
  const exhibit = {
    files: new Map<string, Uint8Array>(),
    names: [],
    ledger: await readLedger(nothing),
    keys,
    verifier,
    now,
    findings: collectFindings(),
    unsealed: [],
  };
  const answer = await answerSignature(exhibit, data, signature.path, signature.bytes);
  return answer.is === 'signed' ? 'good' : answer.code;
}
