/** Reads the whole backend: where its resources are, then every control of those that are ours. Nothing is written. */
import type { Blueprint } from '../../plan/blueprint.ts';
import type { Known, Observation, Observed, Presence } from '../../plan/control.ts';
import type { AwsApi, Input, Operation, Output } from './api.ts';
import { finishedBy } from './claims.ts';
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

/** @throws ApiFault for unusable credentials only; every other failure is told where it was met */
export async function observe(cloud: AwsApi, b: Blueprint): Promise<Observation> {
  const api = asked(cloud);
  const wanted = AWS_TABLE.filter((resource) => resource.wanted(b));
  const located = await Promise.all(
    wanted.map(async (resource) => ({ resource, presence: await resource.locate(api, b) })),
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

function knownOf(presence: Presence): Known {
  return presence.is === 'ours' || presence.is === 'unowned' ? presence.known : {};
}
