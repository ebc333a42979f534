/** Signs a governed document: the signature lies beside it, made exclusively, and checked at once. */
import { GovbootError } from '../kernel/errors.ts';
import type { FileRead } from '../inputs/facts.ts';
import { checkedSigner } from '../evidence/sign.ts';
import type { Ports, Repository } from '../ports.ts';

/** @returns the path of the signature. @throws SIGNER when the signer's public key is not in policies/keys, or the signature does not verify */
export async function signBeside(
  ports: Ports,
  repository: Repository,
  path: string,
  bytes: Uint8Array,
): Promise<{ readonly path: string; readonly signer: string }> {
  const { fingerprint } = await ports.signer.identity();
  const keyFile = await repository.read(`policies/keys/${fingerprint}.asc`);
  if (keyFile.is === 'problem') {
    throw new GovbootError(
      'SIGNER',
      `policies/keys/${fingerprint}.asc is missing, so nobody could check the signature`,
      { hint: `gpg --armor --export ${fingerprint} > policies/keys/${fingerprint}.asc` },
    );
  }
  const sign = checkedSigner(ports.signer, ports.verifier, keyFile.value, () => ports.clock.now());
  const signature = await sign(bytes);
  const target = (await ports.files.exists(`${path}.asc`)) ? `${path}.${fingerprint}.asc` : `${path}.asc`;
  await ports.files.create(target, signature);
  return { path: target, signer: fingerprint };
}

/** Reads one governed document. @throws the problem's code */
export async function readDocument(repository: Repository, path: string): Promise<FileRead> {
  const read = await repository.read(path);
  if (read.is === 'problem')
    throw new GovbootError(read.problem.code, read.problem.wrong, { data: { path } });
  return read.value;
}
