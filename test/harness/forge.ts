/** What an attacker does in a script and no ordinary command can: forged objects, packets, files. One file of forges a kind of target. */
import { approvalForges } from './forges/approval.ts';
import { gitForges } from './forges/git.ts';
import { keyForges } from './forges/key.ts';
import { policyForges } from './forges/policy.ts';
import { rulesForges } from './forges/rules.ts';
import { signatureForges } from './forges/signature.ts';
import { trustForges } from './forges/trust.ts';
import { verifierForges } from './forges/verifiers.ts';
import { worldForges } from './forges/world.ts';
import type { Fixture } from './script-fixture.ts';

/** Where a forge works. */
export interface ForgeSite {
  /** The folder that the script is in; paths are relative to it. */
  readonly cwd: string;
  /** The folder of the whole script: repository, keys and home of the operator lie in it. */
  readonly work: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly governed: Fixture;
}

/** Makes one forgery. @throws when what it works on is not there: a forgery that was not made proves nothing */
export type Forge = (site: ForgeSite, args: readonly string[]) => void | Promise<void>;

const forges = new Map<string, Forge>();
for (const room of [
  approvalForges,
  gitForges,
  keyForges,
  policyForges,
  rulesForges,
  signatureForges,
  trustForges,
  verifierForges,
  worldForges,
])
  for (const [name, forge] of Object.entries(room)) {
    // One that hides another would let every script of the other try something else.
    if (forges.has(name)) throw new Error(`there are two forges ${name}`);
    forges.set(name, forge);
  }

/** The forge of that name. */
export function forgeOf(name: string): Forge | undefined {
  return forges.get(name);
}
