/** Reads the whole backend: where its resources are, then every control of those that are ours. Nothing is written. */
import type { Blueprint } from '../../plan/blueprint.ts';
import type { Known, Observation, Observed, Presence } from '../../plan/control.ts';
import type { AwsApi, Input, Operation, Output } from './api.ts';
import { finishedBy } from './claims.ts';
import type { AwsResource } from './resource.ts';
import { AWS_TABLE } from './table.ts';

/**
 * The same read asked twice in one observation is made once: fewer calls, and every control of a resource sees the same
 * answer.
 */
function asked(api: AwsApi): AwsApi {
  const answers = new Map<string, Promise<unknown>>();
  return {
    call<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
      const question = `${operation} ${JSON.stringify(input)}`;
      const answer = answers.get(question) ?? api.call(operation, input);
      answers.set(question, answer);
      return answer as Promise<Output<O>>;
    },
  };
}

/**
 * Two round trips where everything is there: what exists, and then its tags and its controls together. Whose a resource is decides what
 * is looked at of it: of one that is not ours nothing is, and what was read of it meanwhile is dropped.
 * @throws ApiFault for unusable credentials only; every other failure is told where it was met
 */
export async function observe(cloud: AwsApi, b: Blueprint): Promise<Observation> {
  const api = asked(cloud);
  const wanted = AWS_TABLE.filter((resource) => resource.wanted(b));
  const located = await Promise.all(
    wanted.map(async (resource) => {
      const early = readEarly(api, b, resource);
      const presence = await resource.locate(api, b);
      await early;
      return { resource, presence };
    }),
  );
  // No further call on what is not ours, or is not to be taken over.
  const ours = located.filter(
    ({ presence }) => presence.is === 'ours' || (b.adopts !== 'nothing' && presence.is === 'unowned'),
  );
  const known = Object.assign({}, ...ours.map(({ presence }) => knownOf(presence))) as Known;
  const controls = ours
    .flatMap(({ resource }) => resource.controls)
    .filter((control) => control.desired(b, known).is !== 'none');
  const read = await Promise.all(
    controls.map(async (control): Promise<readonly [string, Observed]> => [
      control.id,
      await control.read(api, b, known),
    ]),
  );
  return {
    resources: Object.fromEntries(located.map(({ resource, presence }) => [resource.id, presence])),
    controls: Object.fromEntries(read),
    known,
    // The tags of that role were read to locate it: the same answer, and no other call.
    finishedBy: ours.some(({ resource }) => resource.id === 'role-operator')
      ? await finishedBy(api, b)
      : null,
  };
}

/**
 * Asks for the controls of a resource as soon as it is known to be in this account, and not only once its tags, and those of all others,
 * are read too. The answers are kept with their questions; who may see them is decided afterwards. Nothing is asked of what another
 * account has.
 */
async function readEarly(api: AwsApi, b: Blueprint, resource: AwsResource): Promise<void> {
  try {
    const known = await isHere(api, b, resource);
    if (known === null) return;
    const wanted = resource.controls.filter((control) => control.desired(b, known).is !== 'none');
    await Promise.all(wanted.map((control) => control.read(api, b, known)));
  } catch {
    // Whatever is wrong is met again, and told, where the answer is needed.
  }
}

async function isHere(api: AwsApi, b: Blueprint, resource: AwsResource): Promise<Known | null> {
  if (resource.exists !== undefined) return resource.exists(api, b);
  const presence = await resource.locate(api, b);
  return presence.is === 'ours' ? presence.known : null;
}

function knownOf(presence: Presence): Known {
  return presence.is === 'ours' || presence.is === 'unowned' ? presence.known : {};
}
