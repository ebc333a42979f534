/** A signature is evidence only when it can be verified, so it is verified at once, before anything relies on it. */
import { sha256 } from '../kernel/digest.ts';
import { GovbootError } from '../kernel/errors.ts';
import type { Instant } from '../kernel/time.ts';
import type { FileRead } from '../inputs/facts.ts';
import type { Signer, Verifier } from '../ports.ts';
import { judgeSignature } from '../gates/signature.ts';

/** Makes a detached signature that was already verified. @throws SIGNER */
export type Sign = (bytes: Uint8Array) => Promise<Uint8Array>;

/**
 * Signs, then verifies with the verifiers that an auditor would use.
 * @param keyFile the signer's public certificate, as it will be stored with the evidence
 * @param now asked after signing, which may wait for a person and a card
 */
export function checkedSigner(
  signer: Signer,
  verifier: Verifier,
  keyFile: FileRead,
  now: () => Instant,
): Sign {
  return async (bytes) => {
    const { fingerprint } = await signer.identity();
    const signature = await signer.sign(bytes);
    const file: FileRead = { path: 'the new signature', bytes: signature, sha256: sha256(signature) };
    const at = now();
    const judged = judgeSignature(
      await verifier.verify({ data: bytes, signature: file, keys: [keyFile], at }),
      at,
    );
    if (judged.is === 'refused') {
      const { code, message } = judged.finding;
      throw new GovbootError(
        'SIGNER',
        `the signature just made by ${fingerprint} does not verify: ${code}: ${message}`,
        {
          data: { fingerprint, code },
        },
      );
    }
    if (judged.primary !== fingerprint) {
      throw new GovbootError(
        'SIGNER',
        `the signature just made is by ${judged.primary}, not by ${fingerprint}`,
        {
          data: { fingerprint, made: judged.primary },
        },
      );
    }
    return signature;
  };
}
