/** The cast of the evidence fixture with real OpenPGP keys, as the fixture's clock sees them. */
import type { Cast, Role } from './evidence-fixture.ts';
import type { Party } from './fake-crypto.ts';
import { makeKey } from './keys.ts';

export async function realCast(): Promise<Cast> {
  const party = async (who: Role): Promise<Party> => {
    const key = await makeKey({
      name: who,
      email: `${who}@example.org`,
      created: new Date('2026-01-01T00:00:00Z'),
    });
    return {
      fingerprint: key.fingerprint,
      userId: key.userId,
      keyFile: new TextEncoder().encode(key.publicArmored),
      sign: async (bytes, at) => new TextEncoder().encode(await key.sign(bytes, { at: new Date(at) })),
    };
  };
  const [root, alice, bob, mallory] = await Promise.all([
    party('root'),
    party('alice'),
    party('bob'),
    party('mallory'),
  ]);
  return { root, alice, bob, mallory };
}
