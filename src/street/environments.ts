/** Which environments a command is about, by the policy as it lies there; whether anybody released it is for the gates. */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { nearest } from '../kernel/text.ts';
import { parseParity, type Parity } from '../inputs/parity.ts';
import type { Ports } from '../ports.ts';
import { PARITY_FILE } from './gather.ts';

/** @throws FILE_MISSING, YAML, SCHEMA, NOT_A_REPOSITORY */
export async function readPolicy({ repository }: Pick<Ports, 'repository'>): Promise<Parity> {
  const read = await (await repository.open()).read(PARITY_FILE);
  if (read.is === 'read') return parseParity(read.value);
  throw new GovbootError(read.problem.code, read.problem.wrong);
}

/** Which environment was probably meant, or which there are. */
export function hintFor(asked: string, known: readonly string[]): string {
  const near = nearest(asked, known);
  return near === undefined ? `the policy names ${known.join(', ')}` : `did you mean "${near}"?`;
}

/** @throws USAGE naming the environment that was probably meant */
export function assertKnown({ environments }: Parity, asked: string): void {
  const names = Object.keys(environments);
  if (names.includes(asked)) return;
  throw new GovbootError('USAGE', `the policy has no environment "${asked}"`, {
    hint: hintFor(asked, names),
    data: { environment: asked, known: names },
  });
}

/**
 * The environment that was asked for, else all of the policy. Evidence outlives the policy: where there is some, nothing else is needed.
 * @throws USAGE and, where no environment is named, whatever is wrong with the policy
 */
export async function environmentsOf(
  ports: Pick<Ports, 'repository' | 'evidence'>,
  asked: string | null,
): Promise<readonly string[]> {
  if (asked === null) return Object.keys((await readPolicy(ports)).environments);
  if ((await ports.evidence(asked).list('')).length > 0) return [asked];
  const policy = await readPolicy(ports).catch((error: unknown) => {
    if (isGovbootError(error)) return null;
    throw error;
  });
  if (policy !== null) assertKnown(policy, asked);
  return [asked];
}
