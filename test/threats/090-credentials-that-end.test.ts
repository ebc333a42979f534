// threat: 90
// area: cloud
// tried: The credentials end within the run, or the caller is the root user as STS itself names it.
// answer: IDENTITY
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callerAnswer } from '../harness/fake-aws.ts';
import { liveScene, type LiveScene } from '../harness/live-scene.ts';

let live: LiveScene;
beforeAll(async () => {
  live = await liveScene();
});
afterAll(() => live.end());

const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

test.each([
  ['in 14 minutes', inMinutes(14), /the credentials end in 1[34] min; 15 min are needed/],
  ['a minute ago', inMinutes(-1), /IDENTITY|CREDENTIALS/],
])('they end %s', async (_when, AWS_CREDENTIAL_EXPIRATION, wrong) => {
  const env = { AWS_CREDENTIAL_EXPIRATION, AWS_SESSION_TOKEN: 'testing' };
  const { code, stderr } = await live.governed.run(live.apply, { env });
  expect(stderr).toMatch(wrong);
  expect(stderr).toMatch(/IDENTITY/);
  expect(code).toBe(3);
});

test('the root user', async () => {
  live.aws.answer = ({ operation }) =>
    operation === 'sts:GetCallerIdentity' ? callerAnswer('arn:aws:iam::111111111111:root') : null;
  const { code, stderr } = await live.governed.run(live.apply);
  expect(stderr).toContain(
    'IDENTITY: the caller arn:aws:iam::111111111111:root is the root user of the account',
  );
  expect(code).toBe(3);
  // Nobody was asked anything but who is calling.
  expect(new Set(live.aws.asked.map(({ operation }) => operation))).toEqual(
    new Set(['sts:GetCallerIdentity']),
  );
});
