import { describe, expect, it } from 'vitest';
import type { FaultKind, Operation } from '../../../../src/cloud/aws/api.ts';
import { eventually, settle, withRetry, type Again, type Retry } from '../../../../src/cloud/aws/retry.ts';
import { fakeApi, fakeClock, fault } from './fake-api.ts';

/** Fails `times` times with `kind`, then answers. */
function failing(kind: FaultKind, times: number, operation: Operation = 's3:PutBucketVersioning') {
  let left = times;
  return fakeApi({
    [operation]: () => {
      if (left-- > 0) throw fault(operation, kind, kind);
      return {};
    },
  });
}

const input = { Bucket: 'b', VersioningConfiguration: {} };

describe('withRetry', () => {
  it.each(['conflict', 'not-ready', 'throttled', 'unavailable', 'network'] as const)(
    'repeats %s',
    async (kind) => {
      const api = failing(kind, 3);
      const clock = fakeClock();
      const retries: Retry[] = [];
      const patient = withRetry(api, { ...clock, random: () => 1, onRetry: (retry) => retries.push(retry) });
      await expect(patient.call('s3:PutBucketVersioning', input)).resolves.toBeDefined();
      expect(api.calls).toHaveLength(4);
      expect(clock.pauses).toEqual([200, 400, 800]);
      expect(retries.map(({ count, fault: { kind: seen } }) => [count, seen])).toEqual([
        [1, kind],
        [2, kind],
        [3, kind],
      ]);
    },
  );

  it('tells once how often a call was tried again, by the SDK and here, however it ended', async () => {
    for (const end of ['answered', 'exists', 'denied'] as const) {
      let calls = 0;
      const api = fakeApi({
        's3:CreateBucket': () => {
          if (calls++ < 2) throw fault('s3:CreateBucket', 'throttled', 'SlowDown', 503, 5);
          if (end !== 'answered') throw fault('s3:CreateBucket', end, end, 409, 2);
          return { $metadata: { attempts: 3 } };
        },
      });
      const told: Again[] = [];
      const patient = withRetry(api, { ...fakeClock(), onAgain: (again) => told.push(again) });
      await patient.call('s3:CreateBucket', { Bucket: 'b' }).catch(() => undefined);
      // Two calls of five tries each and a third one: ten tries after the first, and those of the last call.
      expect(told).toEqual([{ operation: 's3:CreateBucket', times: end === 'answered' ? 12 : 11 }]);
    }
    const told: Again[] = [];
    const patient = withRetry(failing('conflict', 0), {
      ...fakeClock(),
      onAgain: (again) => told.push(again),
    });
    await patient.call('s3:PutBucketVersioning', input);
    expect(told).toEqual([]);
  });

  it.each(['denied', 'exists', 'absent', 'invalid', 'credentials'] as const)(
    'never repeats %s',
    async (kind) => {
      const api = failing(kind, 1);
      const patient = withRetry(api, fakeClock());
      await expect(patient.call('s3:PutBucketVersioning', input)).rejects.toMatchObject({ kind });
      expect(api.calls).toHaveLength(1);
    },
  );

  it('repeats absent only where the caller says that it was just made', async () => {
    const api = failing('absent', 2);
    const patient = withRetry(api, { ...fakeClock(), justMade: (operation) => operation.startsWith('s3:') });
    await patient.call('s3:PutBucketVersioning', input);
    expect(api.calls).toHaveLength(3);
  });

  it.each(['network', 'unavailable'] as const)(
    'never repeats a CreateKey whose answer was lost (%s)',
    async (kind) => {
      const api = failing(kind, 1, 'kms:CreateKey');
      await expect(withRetry(api, fakeClock()).call('kms:CreateKey', {})).rejects.toMatchObject({ kind });
      expect(api.calls).toHaveLength(1);
    },
  );

  it('repeats a CreateKey that was refused before it was carried out', async () => {
    const api = failing('throttled', 2, 'kms:CreateKey');
    await withRetry(api, fakeClock()).call('kms:CreateKey', {});
    expect(api.calls).toHaveLength(3);
  });

  it('gives up at its deadline with the last failure, and never pauses past it', async () => {
    const api = failing('throttled', Number.POSITIVE_INFINITY);
    const clock = fakeClock();
    const patient = withRetry(api, { ...clock, deadlineMs: 10_000, random: () => 0.5 });
    await expect(patient.call('s3:PutBucketVersioning', input)).rejects.toMatchObject({ kind: 'throttled' });
    expect(clock.now()).toBe(10_000);
    expect(Math.max(...clock.pauses)).toBeLessThanOrEqual(8_000);
  });

  it('spreads its pauses between half and the whole', async () => {
    const shortest = fakeClock();
    await withRetry(failing('conflict', 3), { ...shortest, random: () => 0 }).call(
      's3:PutBucketVersioning',
      input,
    );
    expect(shortest.pauses).toEqual([100, 200, 400]);
  });

  it('ends at once when the pause is interrupted', async () => {
    const stop = new Error('interrupted');
    const clock = { ...fakeClock(), pause: async () => Promise.reject(stop) };
    await expect(withRetry(failing('conflict', 9), clock).call('s3:PutBucketVersioning', input)).rejects.toBe(
      stop,
    );
  });

  it('passes on what is no fault of the cloud', async () => {
    const bug = new TypeError('bug');
    const api = fakeApi({
      'sts:GetCallerIdentity': () => {
        throw bug;
      },
    });
    await expect(withRetry(api, fakeClock()).call('sts:GetCallerIdentity', {})).rejects.toBe(bug);
  });
});

describe('eventually', () => {
  it('looks until it is so; absent is "not yet"', async () => {
    const clock = fakeClock();
    let looks = 0;
    const seen = await eventually(
      'it',
      clock,
      async () => {
        looks++;
        if (looks < 3) throw fault('iam:GetRole', 'absent', 'NoSuchEntity');
        return looks;
      },
      (n) => n === 5,
    );
    expect(seen).toBe(5);
    expect(clock.pauses).toHaveLength(4);
  });

  it('fails with what was waited for when the deadline passes', async () => {
    const clock = { ...fakeClock(), deadlineMs: 3_000 };
    const never = eventually(
      'the table: that it is ready',
      clock,
      async () => 'CREATING',
      (status) => status === 'ACTIVE',
    );
    await expect(never).rejects.toMatchObject({
      code: 'CLOUD_FAILED',
      message: 'the table: that it is ready is not so after 3 s',
    });
  });

  it('does not wait through a denial', async () => {
    const clock = fakeClock();
    const denied = fault('iam:GetRole', 'denied', 'AccessDenied');
    await expect(
      settle(
        clock,
        async () => Promise.reject(denied),
        () => true,
      ),
    ).rejects.toBe(denied);
    expect(clock.pauses).toEqual([]);
  });

  it('answers what it saw last when asked not to throw', async () => {
    const clock = { ...fakeClock(), deadlineMs: 500 };
    await expect(
      settle(
        clock,
        async () => 'old',
        (seen) => seen === 'new',
      ),
    ).resolves.toEqual({
      is: 'not-settled',
      seen: 'old',
      fault: undefined,
    });
  });
});
