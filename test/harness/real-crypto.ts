/** The cast of the evidence fixture with real OpenPGP keys, as the fixture's clock sees them. */
import type { Cast, Role } from './evidence-fixture.ts';
import type { Party } from './fake-crypto.ts';
import { makeKey, type TestKey } from './keys.ts';

const keys = new WeakMap<Party, TestKey>();

export async function realCast(): Promise<Cast> {
  const party = async (who: Role): Promise<Party> => {
    const key = await makeKey({
      name: who,
      email: `${who}@example.org`,
      created: new Date('2025-01-01T00:00:00Z'),
    });
    const made: Party = {
      fingerprint: key.fingerprint,
      userId: key.userId,
      keyFile: new TextEncoder().encode(key.publicArmored),
      sign: async (bytes, at) => new TextEncoder().encode(await key.sign(bytes, { at: new Date(at) })),
    };
    keys.set(made, key);
    return made;
  };
  const [root, alice, bob, mallory] = await Promise.all([
    party('root'),
    party('alice'),
    party('bob'),
    party('mallory'),
  ]);
  return { root, alice, bob, mallory };
}

/** The key behind a party: its certificate may change after it signed. */
export function keyOfParty(party: Party): TestKey {
  return keys.get(party)!;
}

/** The certificate of a party after it was found to be compromised. */
export async function revokedKeyFile(party: Party): Promise<Uint8Array> {
  return new TextEncoder().encode(await keys.get(party)!.revoked('compromised'));
}
