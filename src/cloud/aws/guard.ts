/** The last door before the wire: on several S3 servers an unknown sub-resource call acts on the whole bucket. */
import { GovbootError } from '../../kernel/errors.ts';
import type { Profile } from '../../plan/control.ts';
import type { AwsApi } from './api.ts';
import { retentions } from './retentions.ts';
import { weakenedBy } from './weakening.ts';

/** Lets only the calls through that the profile lists, and only with values that weaken nothing. @throws CALL_NOT_ALLOWED before anything is sent */
export function guarded(api: AwsApi, profile: Profile): AwsApi {
  const allowed: ReadonlySet<string> = new Set(profile.calls);
  const kept = retentions();
  return {
    call: async (operation, input) => {
      if (!allowed.has(operation)) {
        const message = `the profile ${profile.id} does not list the call ${operation}`;
        throw new GovbootError('CALL_NOT_ALLOWED', message, {
          data: { call: operation, profile: profile.id },
        });
      }
      const weaker = weakenedBy(operation, input) ?? kept.shortenedBy(operation, input);
      if (weaker !== null)
        throw new GovbootError('CALL_NOT_ALLOWED', `${operation} would weaken the backend: ${weaker}`, {
          data: { call: operation, weaker },
        });
      try {
        const output = await api.call(operation, input);
        kept.answered(operation, input, output);
        return output;
      } catch (error) {
        kept.failed(operation, input, error);
        throw error;
      }
    },
  };
}

/** Calls that change something, by the verbs of the AWS APIs; every other one only reads. */
export function isMutating(operation: string): boolean {
  return /:(Create|Put|Update|Tag|Enable|Add)/.test(operation);
}
