// threat: 91
// area: cloud
// tried: The bucket's name belongs to another account, and its owner waits for the calls that would be made on it.
// answer: FOREIGN_RESOURCE
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isMutating } from '../../src/cloud/aws/guard.ts';
import { liveScene, type LiveScene } from '../harness/live-scene.ts';

let live: LiveScene;
beforeAll(async () => {
  live = await liveScene();
});
afterAll(() => live.end());

test('one question, with the account that is expected to own it, and nothing more', async () => {
  live.aws.answer = ({ operation }) => (operation.startsWith('s3:') ? { status: 403, body: '' } : null);
  const { code, stderr } = await live.governed.run(live.apply);
  expect(stderr).toContain(
    'FOREIGN_RESOURCE: bucket acme-dev-tfstate-111111111111-eu-central-1 exists and belongs',
  );
  expect(code).toBe(5);
  const onBucket = live.aws.asked.filter(({ operation }) => operation.startsWith('s3:'));
  expect(onBucket.map(({ operation }) => operation)).toEqual(['s3:HeadBucket']);
  expect(onBucket[0]?.headers['x-amz-expected-bucket-owner']).toBe('111111111111');
  const changing = live.aws.asked.filter(({ operation }) => isMutating(operation));
  expect(changing).toEqual([]);
});
