/** Who will sign the evidence of a run: known before the plan is made, because the plan names them. */
import { GovbootError } from '../kernel/errors.ts';
import { safe } from '../kernel/text.ts';
import { holds, isActive, personOf } from '../inputs/trust.ts';
import type { Established } from '../gates/index.ts';
import type { Ports, SignerInfo } from '../ports.ts';

/** Whoever the key belongs to, once they are shown to hold the evidence role. @throws SIGNER, SIGNER_NOT_ALLOWED, SIGNER_ROLE, SIGNER_INACTIVE */
export async function evidenceSigner(
  { signer, clock }: Pick<Ports, 'signer' | 'clock'>,
  { trust, intent }: Pick<Established, 'trust' | 'intent'>,
): Promise<SignerInfo> {
  const info = await signer.identity();
  const person = personOf(trust, info.fingerprint);
  const who = `${info.fingerprint} (${safe(info.userId)})`;
  if (person === undefined)
    throw new GovbootError('SIGNER_NOT_ALLOWED', `${who} is not listed in the trust file`, {
      hint: 'sign with a key of a person who has the evidence role',
    });
  if (!holds(person, 'evidence', intent.environment))
    throw new GovbootError('SIGNER_ROLE', `${who} does not have the evidence role in ${intent.environment}`, {
      hint: 'sign with a key of a person who has it',
    });
  if (!isActive(person, clock.now()))
    throw new GovbootError(
      'SIGNER_INACTIVE',
      `${who} is valid from ${person.valid_from} to ${person.valid_until}`,
    );
  return info;
}
