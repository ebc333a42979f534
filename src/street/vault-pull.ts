/** Evidence back from where it outlived the machine that made it, into an empty folder. */
import { GovbootError } from '../kernel/errors.ts';
import { coveredBy, receiptsOf } from '../evidence/receipts.ts';
import { receiptName } from '../evidence/layout.ts';
import { vaultPrefix } from '../evidence/vault-layout.ts';
import { pull, type Pulled } from '../evidence/vault-pull.ts';
import type { Ports, VaultPlace } from '../ports.ts';
import { openVault, type AskedPlace } from './vault-place.ts';

/** @param receipts files of receipts that were kept elsewhere: their versions are fetched, and no others. @throws FILE_EXISTS when the folder is not empty */
export async function pullEvidence(
  ports: Ports,
  environment: string,
  asked: AskedPlace,
  { to, receipts }: { readonly to: string; readonly receipts: readonly string[] },
): Promise<Pulled & { readonly place: VaultPlace }> {
  const there = await ports.folders.entries(to);
  if ((there?.length ?? 0) > 0 || (there === null && (await ports.files.exists(to))))
    throw new GovbootError('FILE_EXISTS', `${to} is there already, and is not an empty folder`, {
      hint: 'name a folder that is empty or not there yet: nothing is ever overwritten',
      data: { file: to },
    });
  const { vault } = await openVault(ports, environment, asked);
  const given = await Promise.all(receipts.map((path) => ports.files.read(path)));
  const files = new Map(given.map((bytes, i) => [receiptName(i, null, 1), bytes]));
  const read = receiptsOf(files);
  read.forEach((receipt, i) => {
    if (receipt.read.is === 'problem')
      throw new GovbootError('EVIDENCE_INVALID', `${receipts[i] ?? ''} is no receipt: ${receipt.read.what}`);
  });
  const pulled = await pull({
    vault,
    prefix: vaultPrefix(ports.mode, environment),
    told: coveredBy(read, vault.place),
    write: (name, bytes) => ports.files.create(`${to}/${name}`, bytes),
  });
  return { ...pulled, place: vault.place };
}
