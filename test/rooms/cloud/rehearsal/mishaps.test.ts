// docs/rehearsal-cloud.md, "Mishaps".
import { describe, expect, test } from 'vitest';
import type { FaultKind, Operation } from '../../../../src/cloud/aws/api.ts';
import { RehearsalCrash, type FaultName } from '../../../../src/cloud/rehearsal/faults.ts';
import { bucket, inRegion, makeBucket, makeKey, makeRole, refused, rehearse } from './rehearse.ts';

const CALLS: readonly (readonly [Operation, object])[] = [
  ['s3:HeadBucket', bucket],
  ['dynamodb:DescribeTable', { TableName: 'locks' }],
  ['kms:ListKeys', {}],
  ['iam:GetRole', { RoleName: 'operator' }],
  ['sts:GetCallerIdentity', {}],
];

const WORDS: readonly (readonly [FaultName, FaultKind, readonly string[]])[] = [
  [
    'throttle',
    'throttled',
    ['SlowDown', 'ThrottlingException', 'ThrottlingException', 'Throttling', 'Throttling'],
  ],
  [
    '500',
    'unavailable',
    [
      'InternalError',
      'InternalServerError',
      'KMSInternalException',
      'ServiceFailureException',
      'InternalFailure',
    ],
  ],
  [
    'denied',
    'denied',
    ['AccessDenied', 'AccessDeniedException', 'AccessDeniedException', 'AccessDenied', 'AccessDenied'],
  ],
  [
    'expired',
    'credentials',
    ['ExpiredToken', 'ExpiredTokenException', 'ExpiredTokenException', 'ExpiredToken', 'ExpiredToken'],
  ],
];

describe('mishaps', () => {
  test.each(WORDS)('R.30 %s is %s, in the words of each service', async (fault, kind, words) => {
    for (const [i, [operation, input]] of CALLS.entries()) {
      const { api } = rehearse({ faults: [{ match: { operation }, when: 'before', fault }] });
      const found = await refused(api.call(operation, input), kind, words[i]);
      expect(found.requestId).toBe(api.calls()[0]!.requestId);
      expect(found.status).toBeGreaterThanOrEqual(400);
      expect(found.attempts).toBe(kind === 'throttled' || kind === 'unavailable' ? 5 : 1);
    }
  });

  test('R.30 conflict is one in the words of each service', async () => {
    const strike = (operation: Operation) =>
      rehearse({ faults: [{ match: { operation }, when: 'before', fault: 'conflict' }] }).api;
    await refused(makeBucket(strike('s3:CreateBucket')), 'conflict', 'OperationAborted');
    await refused(makeRole(strike('iam:CreateRole')), 'conflict', 'ConcurrentModificationException');
    await refused(makeKey(strike('kms:CreateKey')), 'conflict', 'ConflictException');
    await refused(
      strike('dynamodb:UpdateTable').call('dynamodb:UpdateTable', { TableName: 'locks' }),
      'conflict',
      'ResourceInUseException',
    );
    await refused(
      strike('dynamodb:CreateTable').call('dynamodb:CreateTable', {
        TableName: 'locks',
        KeySchema: [],
        AttributeDefinitions: [],
      }),
      'conflict',
      'LimitExceededException',
    );
  });

  test('R.30 a call that is never repeated blindly was tried once', async () => {
    const { api } = rehearse({ faults: [{ match: {}, when: 'before', fault: '500' }] });
    expect((await refused(makeKey(api), 'unavailable')).attempts).toBe(1);
  });

  test.each(['reset', 'hang'] as const)('R.31 %s gives no answer', async (fault) => {
    const { api, waited } = rehearse({ faults: [{ match: {}, when: 'before', fault }], hangMs: 9000 });
    const lost = await refused(api.call('sts:GetCallerIdentity', {}), 'network');
    expect([lost.status, lost.requestId, lost.attempts]).toEqual([null, null, 5]);
    expect(waited).toEqual(fault === 'hang' ? [0, 9000] : [0]);
  });

  test('R.32 a crash ends it all, and keeps what was done', async () => {
    let ended = 0;
    const run = rehearse({
      faults: [{ match: { mutating: 2 }, when: 'after', fault: 'crash' }],
      crash: () => ended++,
    });
    await makeBucket(run.api);
    await expect(makeRole(run.api)).rejects.toThrow(RehearsalCrash);
    await expect(run.api.call('sts:GetCallerIdentity', {})).rejects.toThrow(RehearsalCrash);
    expect(ended).toBe(1);
    expect(run.api.calls().at(-1)!.outcome).toBe('crash');
    const next = run.with({ faults: [] });
    await next.call('s3:HeadBucket', bucket);
    await next.call('iam:GetRole', { RoleName: 'operator' });
  });

  test('R.33 before has no effect, after has', async () => {
    for (const when of ['before', 'after'] as const) {
      const { api } = rehearse({
        faults: [{ match: { operation: 's3:CreateBucket' }, when, fault: 'reset' }],
      });
      await refused(makeBucket(api), 'network');
      const there = await api.call('s3:HeadBucket', bucket).then(
        () => true,
        () => false,
      );
      expect(there).toBe(when === 'after');
    }
  });

  test('R.33 a call that is refused anyway says so, not that its answer was lost', async () => {
    const { api } = rehearse({ faults: [{ match: {}, when: 'after', fault: 'reset' }] });
    await refused(api.call('s3:HeadBucket', bucket), 'absent');
  });

  test('R.34 times strikes in a row, from the nth on', async () => {
    const { api } = rehearse({
      faults: [
        {
          match: { operation: 'sts:GetCallerIdentity', nth: 2 },
          when: 'before',
          fault: 'throttle',
          times: 2,
        },
      ],
    });
    const outcomes = [];
    for (let i = 0; i < 5; i++) {
      outcomes.push(
        await api.call('sts:GetCallerIdentity', {}).then(
          () => 'ok',
          () => 'struck',
        ),
      );
      await refused(api.call('s3:HeadBucket', bucket), 'absent');
    }
    expect(outcomes).toEqual(['ok', 'struck', 'struck', 'ok', 'ok']);
  });

  test('R.34 changing calls are counted over all services, reads are not', async () => {
    const { api } = rehearse({
      faults: [{ match: { mutating: 2 }, when: 'before', fault: '500', times: 2 }],
    });
    await makeBucket(api);
    await api.call('s3:HeadBucket', bucket);
    await refused(makeRole(api), 'unavailable');
    await refused(makeKey(api), 'unavailable');
    await makeRole(api);
  });

  test('R.34 an operation and a number must both match', async () => {
    const { api } = rehearse({
      faults: [{ match: { operation: 'iam:CreateRole', mutating: 1 }, when: 'before', fault: '500' }],
    });
    await makeBucket(api);
    await makeRole(api);
  });

  test('R.35 the second try of the SDK finds what the first has made', async () => {
    const lost = { match: {}, when: 'after', fault: 'reset', retried: true } as const;
    await refused(makeBucket(rehearse({ faults: [lost] }).api), 'exists', 'BucketAlreadyOwnedByYou');
    await refused(makeRole(rehearse({ faults: [lost] }).api), 'exists', 'EntityAlreadyExistsException');
    const { api } = rehearse({ faults: [{ ...lost, match: { operation: 's3:PutBucketVersioning' } }] });
    await api.call('s3:CreateBucket', { ...bucket, ...inRegion });
    const again = await api.call('s3:PutBucketVersioning', {
      ...bucket,
      VersioningConfiguration: { Status: 'Enabled' },
    });
    expect(again.$metadata.attempts).toBe(2);
  });
});
