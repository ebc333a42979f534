/** Whether one version of the trust file was ever in force, as far as its own signatures tell: by enough of its own root keys. */
import { GovbootError } from '../kernel/errors.ts';
import type { FileRead, SignatureFacts } from '../inputs/facts.ts';
import { rootsOf, type Trust } from '../inputs/trust.ts';
import { judgeRootSignatures, shortOf, sideOf } from '../gates/trust-sides.ts';
import type { Ports, Repository } from '../ports.ts';
import { MOST_SIGNATURES, tooMany } from './beside.ts';
import { keyFilesOf } from './gather.ts';

export interface OwnVersion {
  readonly file: FileRead;
  readonly trust: Trust;
  /** The signatures that lie beside it. */
  readonly beside: readonly FileRead[];
}

/**
 * Refuses a version that was never in force, with the first thing that is wrong with its signatures. A root key that expired since it
 * signed did sign.
 * @throws SIG_COUNT, TRUST_UNSIGNED, the code of a bad signature
 */
export async function refuseUnsigned(
  { verifier, clock }: Pick<Ports, 'verifier' | 'clock'>,
  repository: Repository,
  { file, trust, beside }: OwnVersion,
  hint: string,
): Promise<void> {
  if (beside.length > MOST_SIGNATURES) {
    const { code, wrong } = tooMany(file.path, beside.length);
    throw new GovbootError(code, wrong);
  }
  const [keys, now] = [await keyFilesOf(repository), clock.now()];
  const signatures: SignatureFacts[] = [];
  for (const signature of beside)
    signatures.push(await verifier.verify({ data: file.bytes, signature, keys, at: now }));
  const judged = judgeRootSignatures(file.path, signatures, { now, inForce: [] });
  const side = sideOf(rootsOf(trust), judged);
  const [wrong] = [
    ...judged.findings,
    ...shortOf(file.path, trust.version, { ...side, who: [...side.who, ...side.lapsed], lapsed: [] }),
  ];
  if (wrong !== undefined) throw new GovbootError(wrong.code, wrong.message, { hint, data: wrong.data });
}
