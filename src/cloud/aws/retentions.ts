/**
 * Whether a call would shorten what is there, which its values alone do not tell. So the last door before the wire remembers what it saw
 * go in: who would set a retention must have read the one that it replaces.
 */
import { isFault, type Input, type Operation, type Output } from './api.ts';
import { daysOf } from './weakening.ts';

export interface Retentions {
  /** Told of every answer. */
  answered<O extends Operation>(operation: O, input: Input<O>, output: Output<O>): void;
  /** Told of every failure. */
  failed<O extends Operation>(operation: O, input: Input<O>, error: unknown): void;
  /** What would be weaker after this call; null when nothing would. */
  shortenedBy<O extends Operation>(operation: O, input: Input<O>): string | null;
}

export function retentions(): Retentions {
  /** Bucket → days that were read or written last. */
  const days = new Map<string, number>();
  return {
    answered(operation, input, output) {
      const bucket = bucketOf(input);
      if (operation === 's3:GetObjectLockConfiguration') {
        const { ObjectLockConfiguration: lock } = output as Output<'s3:GetObjectLockConfiguration'>;
        days.set(bucket, daysOf(lock?.Rule?.DefaultRetention));
      }
      if (operation === 's3:PutObjectLockConfiguration') days.set(bucket, wanted(input));
    },
    failed(operation, input, error) {
      if (operation === 's3:GetObjectLockConfiguration' && isFault(error, 'absent'))
        days.set(bucketOf(input), 0);
    },
    shortenedBy(operation, input) {
      if (operation !== 's3:PutObjectLockConfiguration') return null;
      const there = days.get(bucketOf(input));
      if (there === undefined) return 'nobody has read for how long versions are kept now';
      return wanted(input) < there
        ? `new versions would be kept for ${String(wanted(input))} days instead of ${String(there)}`
        : null;
    },
  };
}

function bucketOf(input: object): string {
  return String((input as { readonly Bucket?: string }).Bucket);
}

function wanted(input: object): number {
  const { ObjectLockConfiguration: lock } = input as Input<'s3:PutObjectLockConfiguration'>;
  return daysOf(lock?.Rule?.DefaultRetention);
}
