/** What escapes from the calls becomes the one error type, with the call and the resource named. */
import type { Code } from '../../kernel/codes.ts';
import { GovbootError } from '../../kernel/errors.ts';
import type { FaultKind } from './api.ts';
import { isFault } from './api.ts';

const CODE_OF: Partial<Record<FaultKind, Code>> = {
  denied: 'CLOUD_DENIED',
  credentials: 'CREDENTIALS',
  network: 'CLOUD_UNREACHABLE',
};

/** Runs `work` on `what`. @throws GovbootError CLOUD_DENIED, CREDENTIALS, CLOUD_UNREACHABLE, CLOUD_FAILED for an ApiFault */
export async function telling<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFault(error)) throw error;
    const { operation, fault, kind, message, requestId, attempts } = error;
    const tries = attempts > 1 ? ` after ${attempts} attempts` : '';
    throw new GovbootError(
      CODE_OF[kind] ?? 'CLOUD_FAILED',
      `${operation} for ${what}: ${fault}: ${message}${tries}`,
      {
        data: { call: operation, resource: what, fault, request_id: requestId },
        cause: error,
        // Nobody who signs in again is helped by it (S3, error code RequestTimeTooSkewed).
        ...(fault === 'RequestTimeTooSkewed'
          ? { hint: 'set the clock of this machine; `govboot doctor` tells how far it is off' }
          : {}),
      },
    );
  }
}
