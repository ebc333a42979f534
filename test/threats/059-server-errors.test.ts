// threat: 59
// area: terminal
// tried: What the cloud answers, in errors and in the name of the caller, repaints the line, opens another or turns its text round.
// answer: every character of it that is not plain is written out, on the screen, in the JSON lines and in the ledger
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isSafe } from '../../src/kernel/text.ts';
import { errorOf } from '../harness/aws-wire.ts';
import { callerAnswer } from '../harness/fake-aws.ts';
import { HOSTILE } from '../harness/forges/world.ts';
import { liveScene, type LiveScene } from '../harness/live-scene.ts';

let live: LiveScene;
beforeAll(async () => {
  live = await liveScene();
});
afterAll(() => live.end());

// XML 1.0 holds no control characters, not even as references; the rest of it goes through every parser.
const IN_XML = HOSTILE.replaceAll('\u001b', '');
const services = ['sts', 'iam', 'kms', 'dynamodb', 's3'];

describe.each([
  ['on the screen', []],
  ['as JSON lines', ['--json']],
])('%s', (_how, options) => {
  test.each(services)('an error of %s', async (service) => {
    live.aws.answer = ({ operation }) => {
      // An answer to HEAD has no words: the bucket is there, and every further question fails.
      if (operation === 's3:HeadBucket')
        return { status: 200, body: '', headers: { 'x-amz-bucket-region': 'eu-central-1' } };
      if (!operation.startsWith(`${service}:`)) return null;
      return errorOf(operation, 400, 'Odd', /^(?:kms|dynamodb)$/.test(service) ? HOSTILE : IN_XML);
    };
    const { code, stdout, stderr } = await live.governed.run([...live.apply, ...options]);
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain('Mallory');
    expect(`${stdout}${stderr}`.split('\n').filter((line) => !isSafe(line))).toEqual([]);
  });

  test('a caller', async () => {
    const arn = `arn:aws:sts::111111111111:assumed-role/${IN_XML.replaceAll('\n', '')}/alice`;
    live.aws.answer = ({ operation }) => (operation === 'sts:GetCallerIdentity' ? callerAnswer(arn) : null);
    const { code, stdout, stderr } = await live.governed.run([...live.apply, ...options]);
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain('Mallory');
    expect(`${stdout}${stderr}`.split('\n').filter((line) => !isSafe(line))).toEqual([]);
  });
});
