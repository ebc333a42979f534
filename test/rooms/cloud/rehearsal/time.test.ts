// docs/rehearsal-cloud.md, "Time".
import { describe, expect, test } from 'vitest';
import {
  account,
  adminKey,
  bucket,
  inRegion,
  makeBucket,
  makeKey,
  makeRole,
  policyOf,
  refused,
  rehearse,
} from './rehearse.ts';

const consistency = { delayMs: 1000 };
const role = `arn:aws:iam::${account}:role/operator`;
const table = {
  TableName: 'locks',
  AttributeDefinitions: [{ AttributeName: 'LockID', AttributeType: 'S' as const }],
  KeySchema: [{ AttributeName: 'LockID', KeyType: 'HASH' as const }],
  BillingMode: 'PAY_PER_REQUEST' as const,
};

describe('time', () => {
  test('R.10 a write is seen when it has spread, and by the service at once', async () => {
    const { api, clock } = rehearse({ consistency });
    await makeBucket(api);
    await refused(api.call('s3:HeadBucket', bucket), 'absent');
    await refused(makeBucket(api), 'exists');
    await clock.pause(999);
    await refused(api.call('s3:HeadBucket', bucket), 'absent');
    await clock.pause(1);
    await api.call('s3:HeadBucket', bucket);
    await api.call('s3:PutBucketVersioning', { ...bucket, VersioningConfiguration: { Status: 'Enabled' } });
    expect((await api.call('s3:GetBucketVersioning', bucket)).Status).toBeUndefined();
    await clock.pause(1000);
    expect((await api.call('s3:GetBucketVersioning', bucket)).Status).toBe('Enabled');
  });

  test('R.10 several writes spread one after another', async () => {
    const { api, clock } = rehearse({ consistency });
    await makeRole(api);
    await clock.pause(1000);
    const read = async () =>
      (await api.call('iam:GetRole', { RoleName: 'operator' })).Role?.MaxSessionDuration;
    for (const MaxSessionDuration of [4000, 5000]) {
      await api.call('iam:UpdateRole', { RoleName: 'operator', MaxSessionDuration });
      await clock.pause(400);
    }
    expect(await read()).toBe(3600);
    await clock.pause(200);
    expect(await read()).toBe(4000);
    await clock.pause(400);
    expect(await read()).toBe(5000);
    const state = (await api.snapshot()) as unknown as { roles: Record<string, { history: unknown[] }> };
    // Old values stay only as long as somebody may see them.
    await api.call('iam:UpdateRole', { RoleName: 'operator', MaxSessionDuration: 6000 });
    expect(state.roles[`${account}/operator`]!.history).toHaveLength(3);
    const after = (await api.snapshot()) as typeof state;
    expect(after.roles[`${account}/operator`]!.history).toHaveLength(2);
  });

  test('R.11 flapping reads show now the old, now the new, and only the new in the end', async () => {
    const { api, clock } = rehearse({ consistency: { ...consistency, flapping: true } });
    await makeBucket(api);
    const look = () =>
      api.call('s3:HeadBucket', bucket).then(
        () => true,
        () => false,
      );
    const seen = [];
    for (let i = 0; i < 20; i++) seen.push(await look());
    expect(new Set(seen)).toEqual(new Set([true, false]));
    await clock.pause(1000);
    for (let i = 0; i < 20; i++) expect(await look()).toBe(true);
  });

  test('R.12 with eventual writes, what nobody can see cannot be written', async () => {
    const { api, clock } = rehearse({ consistency: { ...consistency, writes: 'eventual' } });
    await makeBucket(api);
    const KeyId = await makeKey(api);
    const versioning = { ...bucket, VersioningConfiguration: { Status: 'Enabled' as const } };
    await refused(api.call('s3:PutBucketVersioning', versioning), 'absent', 'NoSuchBucket');
    await refused(api.call('kms:EnableKeyRotation', { KeyId }), 'absent', 'NotFoundException');
    await refused(
      api.call('kms:CreateAlias', { AliasName: 'alias/a', TargetKeyId: KeyId }),
      'absent',
      'NotFoundException',
    );
    await clock.pause(1000);
    await api.call('s3:PutBucketVersioning', versioning);
    await api.call('kms:EnableKeyRotation', { KeyId });
    await api.call('kms:CreateAlias', { AliasName: 'alias/a', TargetKeyId: KeyId });
  });

  test('R.12 with eventual writes, one write does not undo another that has not spread', async () => {
    const { api, clock } = rehearse({ consistency: { ...consistency, writes: 'eventual' } });
    const KeyId = await makeKey(api);
    await clock.pause(1000);
    await api.call('kms:EnableKeyRotation', { KeyId, RotationPeriodInDays: 100 });
    await api.call('kms:TagResource', { KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] });
    await clock.pause(1000);
    expect((await api.call('kms:GetKeyRotationStatus', { KeyId })).RotationPeriodInDays).toBe(100);
  });

  test('R.13 a role that cannot be seen is no principal', async () => {
    const { api, clock } = rehearse({ consistency });
    await makeRole(api);
    const Policy = policyOf(adminKey, {
      Effect: 'Allow',
      Principal: { AWS: role },
      Action: 'kms:Decrypt',
      Resource: '*',
    });
    await refused(api.call('kms:CreateKey', { Policy }), 'not-ready', 'MalformedPolicyDocumentException');
    await clock.pause(1000);
    await api.call('kms:CreateKey', { Policy });
  });

  test('R.14 tables take their time', async () => {
    const { api, clock } = rehearse({ timings: { tableCreateMs: 3000, tableUpdateMs: 500, backupsMs: 700 } });
    const status = async () =>
      (await api.call('dynamodb:DescribeTable', { TableName: 'locks' })).Table?.TableStatus;
    const recover = () =>
      api.call('dynamodb:UpdateContinuousBackups', {
        TableName: 'locks',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    const protect = () =>
      api.call('dynamodb:UpdateTable', { TableName: 'locks', DeletionProtectionEnabled: true });
    const { TableDescription } = await api.call('dynamodb:CreateTable', table);
    const ResourceArn = TableDescription?.TableArn;
    expect(await status()).toBe('CREATING');
    expect((await refused(protect(), 'conflict', 'ResourceInUseException')).message).toContain(
      'being created',
    );
    await refused(
      api.call('dynamodb:TagResource', { ResourceArn, Tags: [{ Key: 'a', Value: 'b' }] }),
      'conflict',
    );
    await clock.pause(3000);
    expect(await status()).toBe('ACTIVE');
    await refused(recover(), 'not-ready', 'ContinuousBackupsUnavailableException');
    await protect();
    expect(await status()).toBe('UPDATING');
    expect((await refused(protect(), 'conflict', 'ResourceInUseException')).message).toContain(
      'being updated',
    );
    await clock.pause(500);
    expect(await status()).toBe('ACTIVE');
    await refused(recover(), 'not-ready');
    await clock.pause(200);
    await recover();
  });

  test('R.15 a caller whose clock is behind does not undo time', async () => {
    const run = rehearse({ consistency });
    await makeBucket(run.api);
    await run.clock.pause(1000);
    await run.api.call('s3:CreateBucket', { Bucket: 'second', ...inRegion });
    const late = run.with({ clock: { now: () => 0, pause: async () => undefined } });
    await late.call('s3:HeadBucket', bucket);
  });

  test('R.16 latency is waited for, once a call', async () => {
    const { api, waited } = rehearse({ latencyMs: 40 });
    await api.call('sts:GetCallerIdentity', {});
    expect(waited).toEqual([40]);
  });
});
