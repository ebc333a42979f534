/** `govboot verify`: the evidence of an environment, offline; in a repository, or as it was handed over. */
import { toJson } from '../kernel/json.ts';
import { GovbootError } from '../kernel/errors.ts';
import { parseCheckpoint } from '../evidence/checkpoint.ts';
import type { VerifyReport } from '../evidence/report.ts';
import type { ProofReport } from '../evidence/proof-report.ts';
import { vaultPrefix } from '../evidence/vault-layout.ts';
import { openVault, OWN_STORE, type AskedPlace } from '../street/vault-place.ts';
import { verifyAlone, verifyHere, verifyStored, verifyThere } from '../street/verify-here.ts';
import type { EvidenceVault, Ports } from '../ports.ts';
import type { CommandOptions, CommandRun } from './command.ts';
import { judgedBy } from './judged-by.ts';
import { orMeant } from './meant.ts';

export const verify: CommandRun<'verify'> = async (ports, options) => {
  const { what, report } = await reportOf(ports, options);
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
  if (report.overall === 'bad') throw new GovbootError('EVIDENCE_INVALID', `${what} is not valid`);
  if (report.overall === 'undecided')
    throw new GovbootError('EVIDENCE_UNDECIDED', `a part of ${what} could not be judged`);
};

interface Judged {
  /** As it is named in an error. */
  readonly what: string;
  readonly report: VerifyReport | ProofReport;
}

async function reportOf(
  ports: Ports,
  { environment, from, proof, anchor, store = null, tsa, attestor }: CommandOptions['verify'],
): Promise<Judged> {
  const given = anchor === null ? {} : { anchor: parseCheckpoint(await ports.files.read(anchor)) };
  if (proof !== null)
    return { what: `the proof ${proof}`, report: await verifyAlone(ports, proof, environment, given) };
  const witnessPins = {
    authorities: await readGiven(ports, tsa),
    attestors: await readGiven(ports, attestor),
  };
  const stored = await storeOf(ports, environment, from, store);
  if (stored !== null) {
    const report = await verifyStored(ports, stored.environment, stored.vault, { ...given, witnessPins });
    return { what: `the evidence of ${stored.environment} in ${stored.vault.place.place}`, report };
  }
  const asked = store === null ? {} : { vault: await vaultOf(ports, environment, store) };
  const kept = { ...given, ...asked, witnessPins };
  if (from !== null) {
    const report = await verifyThere(ports, from, environment, kept);
    return { what: `the evidence of ${environment ?? report.origin.environment}`, report };
  }
  // The parser lets nobody through who named none of them.
  const name = environment ?? '';
  const report = await orMeant(ports, name, () => verifyHere(ports, name, kept));
  return { what: `the evidence of ${name}`, report };
}

/** The store that --from names: a bucket, or a folder that was pushed to. null when it is evidence as it was handed over. */
async function storeOf(
  ports: Ports,
  environment: string | null,
  from: string | null,
  asked: AskedPlace | null,
): Promise<{ readonly environment: string; readonly vault: EvidenceVault } | null> {
  if (from === null || environment === null) return null;
  const isBucket = from.startsWith('s3://');
  if (
    !isBucket &&
    (await ports.folders.entries(`${from}/${vaultPrefix(ports.mode, environment)}heads`)) === null
  )
    return null;
  const place = isBucket && asked !== null ? asked : { ...OWN_STORE, place: from };
  return { environment, vault: (await openVault(ports, environment, place)).vault };
}

async function readGiven({ files }: Ports, file: string | undefined): Promise<Uint8Array | null> {
  return file === undefined ? null : files.read(file);
}

/** @throws USAGE where nobody says whose store is meant */
async function vaultOf(ports: Ports, environment: string | null, store: AskedPlace): Promise<EvidenceVault> {
  if (environment === null && store.place === null)
    throw new GovbootError('USAGE', 'whose store is to be asked is not said', {
      hint: 'name the environment before --store, or the store after it',
    });
  return (await openVault(ports, environment ?? '', store)).vault;
}
