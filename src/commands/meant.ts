/** Suggestions for a name of an environment that nothing is known of. */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import { nearest } from '../kernel/text.ts';
import { parseParity } from '../inputs/parity.ts';
import type { Ports } from '../ports.ts';
import { PARITY_FILE } from '../street/gather.ts';

/** Does `work`; where there is no evidence of the environment, the error names the one that was probably meant. */
export async function orMeant<T>(ports: Ports, environment: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isGovbootError(error) || error.code !== 'EVIDENCE_MISSING') throw error;
    const known = await environmentsOf(ports);
    if (known.length === 0 || known.includes(environment)) throw error;
    throw new GovbootError(error.code, error.message, {
      hint: hintFor(environment, known),
      data: error.data,
      cause: error,
    });
  }
}

export function hintFor(environment: string, known: readonly string[]): string {
  const near = nearest(environment, known);
  return near === undefined ? `the policy names ${known.join(', ')}` : `did you mean "${near}"?`;
}

/** As the policy names them; none where there is no policy that can be read: whoever verifies may have the evidence alone. */
async function environmentsOf(ports: Ports): Promise<readonly string[]> {
  try {
    const file = await (await ports.repository.open()).read(PARITY_FILE);
    return file.is === 'read' ? Object.keys(parseParity(file.value).environments) : [];
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    return [];
  }
}
