/** What S3 takes as retention, of a bucket and of one version. */
import type * as S3 from '@aws-sdk/client-s3';
import type { Call } from './context.ts';
import { conflict, invalid } from './faults.ts';
import { malformedXml } from './s3-rules.ts';
import type { Bucket, Retention, RetentionMode } from './state.ts';

export const DAY_MS = 86_400_000;
/** Days of 100 years. */
const MOST_DAYS = 36_500;

function modeOf(given: string | undefined): RetentionMode | null {
  return given === 'COMPLIANCE' || given === 'GOVERNANCE' ? given : null;
}

/** What every new version of a bucket is kept by, in days; null where the configuration holds no rule. @throws MalformedXML, InvalidBucketState, InvalidArgument */
export function checkDefaultRetention(
  given: S3.ObjectLockConfiguration | undefined,
  bucket: Bucket,
): Retention<number> | null {
  if (given?.ObjectLockEnabled !== 'Enabled') throw malformedXml();
  if (bucket.versioning !== 'Enabled')
    throw conflict(
      'InvalidBucketState',
      "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    );
  if (given.Rule === undefined) return null;
  const { Mode, Days, Years } = given.Rule.DefaultRetention ?? {};
  const mode = modeOf(Mode);
  if (mode === null || (Days === undefined) === (Years === undefined)) throw malformedXml();
  if (Years !== undefined)
    throw invalid('RehearsalUnsupported', 'the rehearsal cloud counts retention in days');
  const days = Days ?? 0;
  if (!Number.isInteger(days) || days < 1)
    throw invalid('InvalidArgument', 'Default retention period must be a positive integer value.');
  if (days > MOST_DAYS)
    throw invalid('InvalidArgument', 'Default retention period too large. Maximum allowed is 36500 days.');
  return { mode, for: days };
}

/** The retention that an upload asks for itself. @throws InvalidArgument */
export function retentionOf(
  mode: string | undefined,
  until: Date | undefined,
  call: Call,
): Retention<number> | null {
  if (mode === undefined && until === undefined) return null;
  if (mode === undefined || until === undefined)
    throw invalid(
      'InvalidArgument',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    );
  const known = modeOf(mode);
  if (known === null) throw invalid('InvalidArgument', 'Unknown wormMode directive.');
  if (until.getTime() <= call.sight.now)
    throw invalid('InvalidArgument', 'The retain until date must be in the future!');
  return { mode: known, for: until.getTime() };
}
