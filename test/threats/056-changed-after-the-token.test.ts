// threat: 56
// area: confirmation
// tried: Between the token and APPLY the intent, the files, the cloud, or the caller is changed.
// answer: PLAN_CHANGED
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { denyAtTerminal, type Scene } from '../harness/at-terminal.ts';
import { shown } from '../harness/shown.ts';
import { worldForges } from '../harness/forges/world.ts';

const site = ({ fixture, work }: Scene) => ({ cwd: fixture.root, work, env: fixture.env, governed: fixture });
const forge =
  (name: string, ...args: readonly string[]) =>
  async (scene: Scene): Promise<void> =>
    worldForges[name]?.(site(scene), args);

/** Another reason, well signed by the same person: every gate would pass. */
async function signAnotherIntent({ fixture: { root, keys } }: Scene): Promise<void> {
  const path = join(root, 'intents', 'two.yaml');
  const text = readFileSync(path, 'utf8').replace('OPS-1', 'OPS-2');
  writeFileSync(path, text);
  writeFileSync(`${path}.asc`, await keys.alice.sign(text));
}

const STILL_PASSES = shown(
  'PLAN_CHANGED',
  'the plan is … now and was … when it was shown',
  'run it again and read the new plan',
);
const REFUSED = /a gate that had passed does not pass any more/;

test.each<[string, RegExp, 'the repository' | 'the cloud', (scene: Scene) => unknown]>([
  ['another intent, signed by the same person', STILL_PASSES, 'the repository', signAnotherIntent],
  [
    'one byte of the intent',
    REFUSED,
    'the repository',
    ({ fixture }) => appendFileSync(join(fixture.root, 'intents', 'two.yaml'), '#'),
  ],
  [
    'a file of the work tree',
    REFUSED,
    'the repository',
    ({ fixture }) => writeFileSync(join(fixture.root, 'new.tf'), ''),
  ],
  ['the policy of the bucket', STILL_PASSES, 'the cloud', forge('bucket-statement', 'LetThemRead')],
  [
    'the role of the caller',
    STILL_PASSES,
    'the cloud',
    forge('rehearsal-script', '{"callerArn": "arn:aws:sts::111111111111:assumed-role/other/x"}'),
  ],
  [
    'the account of the caller',
    REFUSED,
    'the cloud',
    forge('rehearsal-script', '{"callerArn": "arn:aws:iam::111111111111:root"}'),
  ],
])('%s', async (_what, wrong, changes, change) => {
  await denyAtTerminal({ code: 'PLAN_CHANGED', wrong, changes }, async (seat, place) => {
    await seat.word();
    await change(place);
    await seat.terminal.type('APPLY\r');
  });
});
