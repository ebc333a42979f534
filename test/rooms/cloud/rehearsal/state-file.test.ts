// docs/rehearsal-cloud.md, "On disk".
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRehearsal } from '../../../../src/cloud/rehearsal/open.ts';
import { openStateFile } from '../../../../src/cloud/rehearsal/state-file.ts';
import { instantFromMs } from '../../../../src/kernel/time.ts';
import {
  account,
  bucket,
  makeBucket,
  makeKey,
  makeRole,
  policyOf,
  refused,
  region,
  rehearse,
} from './rehearse.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'govboot-rehearsal-'));
  file = join(folder, 'deep', 'dev.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const store = () => openStateFile({ file, seed: 5 });
const files = () => readdirSync(dirname(file)).sort();
const keysIn = async () => Object.keys(((await store().snapshot()) as unknown as { keys: object }).keys);

async function child(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  const script = fileURLToPath(new URL('./child.ts', import.meta.url));
  const started = spawn(process.execPath, ['--import', 'tsx', script, file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = (await once(started, 'exit')) as [number | null, string | null];
  return { code, signal };
}

describe('the state on disk', () => {
  test('R.40 what was done is there for the next process, in a file of the owner only', async () => {
    await makeBucket(rehearse({ store: store() }).api);
    await rehearse({ store: store() }).api.call('s3:HeadBucket', bucket);
    expect(files()).toEqual(['dev.json.00000001']);
    expect(statSync(join(dirname(file), files()[0]!)).mode & 0o777).toBe(0o600);
  });

  test('R.40 reads and refusals write nothing', async () => {
    const { api } = rehearse({ store: store() });
    await refused(api.call('s3:HeadBucket', bucket), 'absent');
    await refused(api.call('s3:PutBucketPolicy', { ...bucket, Policy: '{}' }), 'absent');
    expect(files()).toEqual([]);
  });

  test('R.40 a process that is killed leaves what it had done', async () => {
    expect(await child('9', '4')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await keysIn()).toHaveLength(4);
    expect(await child('2')).toEqual({ code: 0, signal: null });
    expect(await keysIn()).toHaveLength(6);
  }, 30_000);

  test('R.41 processes that share the files lose nothing', async () => {
    const ended = await Promise.all([child('25'), child('25'), child('25')]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(await keysIn()).size).toBe(75);
  }, 60_000);

  test('R.41 one process sees what another has done since', async () => {
    const [one, two] = [rehearse({ store: store() }).api, rehearse({ store: store() }).api];
    await makeRole(one);
    await two.call('iam:GetRole', { RoleName: 'operator' });
    await refused(makeRole(two), 'exists');
  });

  test('R.42 no lock and no draft is left, whatever happened', async () => {
    const { api } = rehearse({ store: store() });
    await makeBucket(api);
    await refused(makeBucket(api), 'exists');
    writeFileSync(`${file}.draft-1-1`, 'half of a st');
    await makeKey(api);
    expect(await keysIn()).toHaveLength(1);
    expect(files().filter((name) => !name.includes('draft-1-1'))).toEqual([
      'dev.json.00000001',
      'dev.json.00000002',
    ]);
  });

  test.each(['', '{', '{}', '{"version":1}'])('R.43 the file %j is refused with its path', async (text) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.00000007`, text);
    await expect(makeBucket(rehearse({ store: store() }).api)).rejects.toThrow(`${file}.00000007`);
  });

  const nameOf = (n: number): string => `dev.json.${String(n).padStart(8, '0')}`;

  test('R.44 the newest sixteen stay', async () => {
    const { api } = rehearse({ store: store() });
    for (let i = 0; i < 19; i++) await makeKey(api);
    expect(files()).toEqual(Array.from({ length: 16 }, (_, i) => nameOf(i + 4)));
    expect(await keysIn()).toHaveLength(19);
  });

  test('R.41 what others have built on is not done again', async () => {
    const { api } = rehearse({ store: store() });
    await makeKey(api);
    let times = 0;
    await store().hold(true, () => {
      times++;
      // A third state is there by the time that it looks round: another one was quick to build on its second.
      writeFileSync(`${file}.00000003`, readFileSync(`${file}.00000001`));
    });
    expect(times).toBe(1);
    expect(files()).toEqual([1, 2, 3].map(nameOf));
  });

  test('R.44 a number that was cleared away is not taken again', async () => {
    const slow = store();
    const { api } = rehearse({ store: store() });
    await makeKey(api);
    let first = true;
    // While the slow one works on the first state, the others are many states further.
    await slow.hold(true, (state) => {
      if (first) {
        first = false;
        const text = readFileSync(`${file}.00000001`, 'utf8');
        for (let n = 3; n <= 18; n++)
          writeFileSync(join(dirname(file), nameOf(n)), text.replace('"made":1', `"made":${n}`));
      }
      state.made += 100;
    });
    expect(files().at(-1)).toBe(nameOf(19));
    expect(JSON.parse(readFileSync(`${file}.00000019`, 'utf8'))).toMatchObject({ made: 118 });
    expect(files()).not.toContain('dev.json.00000002');
  });
});

describe('the rehearsal of one environment', () => {
  let ms = 0;
  const clock = {
    now: () => instantFromMs(Date.UTC(2026, 10, 22, 12) + ms),
    monotonic: () => ms,
    pause: async (wait: number) => {
      ms += wait;
    },
  };
  const open = (place = region) => openRehearsal({ file, target: { account, region: place }, clock });

  test('keeps its pace and its state, and trusts people it does not know', async () => {
    const api = await open();
    const AssumeRolePolicyDocument = policyOf({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:user/alice` },
      Action: 'sts:AssumeRole',
    });
    const before = ms;
    await api.call('iam:CreateRole', { RoleName: 'operator', AssumeRolePolicyDocument });
    expect(ms).toBeGreaterThan(before);
    await refused((await open()).call('iam:GetRole', { RoleName: 'operator' }), 'absent');
    await clock.pause(2000);
    await (await open()).call('iam:GetRole', { RoleName: 'operator' });
    expect((await api.call('sts:GetCallerIdentity', {})).Arn).toBe(
      `arn:aws:sts::${account}:assumed-role/bootstrap/rehearsal`,
    );
  });

  test.each([
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-north-1', 'aws-cn'],
    [region, 'aws'],
  ])('%s is in the partition %s', async (place, partition) => {
    expect((await (await open(place)).call('sts:GetCallerIdentity', {})).Arn).toMatch(
      new RegExp(`^arn:${partition}:`),
    );
  });

  test('plays the script beside its state', async () => {
    mkdirSync(dirname(file), { recursive: true });
    const script = {
      faults: [{ match: { operation: 'sts:GetCallerIdentity' }, when: 'before', fault: 'denied' }],
      callerArn: `arn:aws:iam::${account}:user/alice`,
    };
    writeFileSync(`${file}.script`, JSON.stringify(script));
    const api = await open();
    await refused(api.call('sts:GetCallerIdentity', {}), 'denied');
    expect((await api.call('sts:GetCallerIdentity', {})).Arn).toContain('user/alice');
  });

  test.each([
    '{',
    '{"faults":1}',
    '{"fault":[]}',
    '{"faults":[{"match":{"operation":"s3:DeleteBucket"},"when":"before","fault":"reset"}]}',
  ])('R.43 the script %s is refused with its path', async (text) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.script`, text);
    await expect(open()).rejects.toThrow(`${file}.script`);
  });
});
