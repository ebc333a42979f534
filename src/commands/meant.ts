/** Suggestions for a name of an environment that nothing is known of. */
import { GovbootError, isGovbootError } from '../kernel/errors.ts';
import type { Ports } from '../ports.ts';
import { hintFor, readPolicy } from '../street/environments.ts';

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

/** As the policy names them; none where there is no policy that can be read: whoever verifies may have the evidence alone. */
async function environmentsOf(ports: Ports): Promise<readonly string[]> {
  try {
    return Object.keys((await readPolicy(ports)).environments);
  } catch (error) {
    if (!isGovbootError(error)) throw error;
    return [];
  }
}
