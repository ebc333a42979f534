/** A look at the backend that is to be taken over, read-only and through the same door as `plan`: what is there, and what stands in the way. */
import { safe } from '../kernel/text.ts';
import type { Parity } from '../inputs/parity.ts';
import type { Trust } from '../inputs/trust.ts';
import type { Json } from '../kernel/json.ts';
import { diff } from '../plan/diff.ts';
import { makeBlueprint } from '../plan/make-blueprint.ts';
import { reach } from '../street/reach.ts';
import { timed } from '../street/parts.ts';
import type { Ports } from '../ports.ts';
import { draftIntent } from './init-proof.ts';

export interface Looked {
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  /** Keys of tags on it that the policy does not ask for: unless they are tolerated, nothing is taken over. */
  readonly tags: readonly string[];
}

/** Resources that a backend block names. */
const NAMED = ['state-bucket', 'lock-table', 'state-key'];

export async function look(
  ports: Ports,
  { parity, trust }: { readonly parity: Parity; readonly trust: Trust },
  environment: string,
  { region, endpoint }: { readonly region: string; readonly endpoint: string | null },
): Promise<Looked> {
  const target = { environment, region, action: 'adopt' as const };
  const intent = { ...draftIntent(parity, trust, target, ports.clock.now()), endpoint };
  const { caller, doors } = await reach(ports, intent, ports.machine.environment());
  const unasked = (why: string): Looked => ({
    notes: [`the cloud was not asked, so the names are those of the block alone: ${safe(why)}`],
    warnings: [],
    tags: [],
  });
  if (caller.is === 'problem' || doors === null)
    return unasked(caller.is === 'problem' ? caller.problem.wrong : 'it was not reached');
  if (caller.value.account !== intent.account)
    return unasked(
      `the credentials are of account ${caller.value.account}, and ${environment} is ${intent.account}`,
    );
  const { cloud } = doors;
  const blueprint = makeBlueprint(intent, parity, trust.repository);
  const observation = await timed(ports, 'look', `look at what is there of ${environment}`, () =>
    cloud.observe(blueprint),
  );
  const notes: string[] = [];
  const warnings: string[] = [];
  const tags = new Set<string>();
  for (const resource of cloud.table) {
    const presence = observation.resources[resource.id];
    // Not looked at: the policy does not want it, and it has no name.
    if (presence === undefined) continue;
    const name = resource.nameOf(blueprint);
    if (presence.is === 'absent' && !NAMED.includes(resource.id)) continue;
    if (presence.is === 'absent') notes.push(`${resource.id} ${name} is not there; it will be made`);
    else if (presence.is === 'ours') notes.push(`${resource.id} ${name} carries the tags of this repository`);
    else if (presence.is === 'unreadable')
      warnings.push(`${resource.id} ${name} could not be looked at: ${safe(presence.detail)}`);
    else if (presence.is === 'foreign')
      warnings.push(`${resource.id} ${name} cannot be taken over: ${safe(presence.why)}`);
    else {
      notes.push(`${resource.id} ${name} is there, made by hand; an intent with action adopt takes it over`);
      for (const key of keysOf(presence.found))
        if (!Object.hasOwn(parity.tags.required, key) && !key.startsWith('aws:')) tags.add(key);
    }
  }
  // Foreign tags are tolerated by the policy that is written; whatever else would be refused is told now, and not after three signatures.
  const steps = diff(cloud.table, cloud.profile, { ...blueprint, toleratedTags: [...tags] }, observation);
  for (const step of steps)
    // Whose a resource is, and that it cannot be read, was told already.
    if (step.kind === 'refuse' && step.control !== null)
      warnings.push(`plan will refuse ${step.control}: ${safe(step.why)}`);
  const { tolerated, misspelt } = sorted([...tags], parity);
  return { notes, warnings: [...misspelt, ...warnings], tags: tolerated };
}

/** IAM takes Owner and owner for one tag, so the policy has one spelling of each; another one must be taken off the resource. */
function sorted(
  keys: readonly string[],
  parity: Parity,
): { readonly tolerated: readonly string[]; readonly misspelt: readonly string[] } {
  const required = Object.keys(parity.tags.required);
  const like = (key: string): string | undefined =>
    required.find((each) => each.toLowerCase() === key.toLowerCase());
  return {
    tolerated: keys.filter((key) => like(key) === undefined).sort(),
    misspelt: keys.flatMap((key) => {
      const known = like(key);
      return known === undefined
        ? []
        : [`plan will refuse the tag "${safe(key)}": the policy spells it "${known}"; take it off by hand`];
    }),
  };
}

/** The keys of the tags that were found on a resource. */
function keysOf(found: Json): readonly string[] {
  const tags = typeof found === 'object' && found !== null && 'tags' in found ? found['tags'] : null;
  return typeof tags === 'object' && tags !== null && !Array.isArray(tags) ? Object.keys(tags) : [];
}
