/** Whether one version of the trust file was ever in force, as far as its own signatures tell: by enough of its own root keys. */
import type { FileRead, SignatureFacts } from '../inputs/facts.ts';
import { rootsOf, type Trust } from '../inputs/trust.ts';
import { judgeRootSignatures, shortOf, sideOf } from '../gates/trust-sides.ts';
import type { Finding } from '../gates/verdict.ts';
import type { Ports, Repository } from '../ports.ts';
import { keyFilesOf } from './gather.ts';

/** The first thing that is wrong with the signatures, or null. A root key that expired since it signed did sign. */
export async function unsignedFinding(
  { verifier, clock }: Pick<Ports, 'verifier' | 'clock'>,
  repository: Repository,
  {
    file,
    trust,
    beside,
  }: { readonly file: FileRead; readonly trust: Trust; readonly beside: readonly FileRead[] },
): Promise<Finding | null> {
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
  return wrong ?? null;
}
