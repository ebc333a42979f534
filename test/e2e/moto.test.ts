// The whole street against moto, over the real SDK and a real pseudo-terminal.
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { makeGoverned, type Governed, type GovernedOptions } from '../harness/governed-repo.ts';
import { motoClientConfig, motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { playApply, startGovboot, type Played } from '../harness/operator.ts';

const BUCKET = 'acme-dev-tfstate-123456789012-eu-central-1';

describe.skipIf(!requireOrSkip('moto', 'apply against an AWS emulator, end to end'))(
  'apply on moto',
  { timeout: 180_000 },
  () => {
    let moto: Moto;
    beforeAll(async () => {
      moto = await startMoto();
    });
    afterAll(() => moto.stop());
    beforeEach(() => moto.reset());

    const govern = (options: Partial<GovernedOptions> = {}, region = 'eu-central-1'): Promise<Governed> =>
      makeGoverned({
        endpoint: moto.endpoint,
        env: motoEnv(moto.endpoint, region),
        environments: [`dev=123456789012:${region}`],
        ...options,
      });
    const args = (governed: Governed, ...more: readonly string[]): readonly string[] => [
      ...governed.globals,
      '--key',
      governed.keyFile('alice'),
      'apply',
      'dev',
      ...more,
    ];
    const terminal = (governed: Governed) => ({ cwd: governed.folder, env: governed.env, rows: 60 });
    const play = (governed: Governed, ...more: readonly string[]): Promise<Played> =>
      playApply(args(governed, ...more), terminal(governed));
    const keys = async (): Promise<number> =>
      (await new KMSClient(motoClientConfig(moto.endpoint)).send(new ListKeysCommand({}))).Keys?.length ?? 0;

    test.for([
      ['table', 'eu-central-1'],
      ['lockfile', 'us-east-1'],
      ['both', 'eu-central-1'],
    ] as const)('creates, verifies and keeps: locking by %s in %s', async ([locking, region]) => {
      const governed = await govern({ locking, github: true }, region);
      const played = await play(governed);
      expect(played.screen).toContain('bootstrapped and locked');
      expect(played.code).toBe(0);
      expect((await governed.run(['verify', 'dev'])).code).toBe(0);
      const again = await play(governed);
      expect(again).toMatchObject({ code: 0, token: null });
      expect(again.screen).toContain('nothing to do');
      const rendered = (await governed.run(['backend', 'render', 'dev'])).stdout;
      expect(/use_lockfile\s+= true/.test(rendered)).toBe(locking !== 'table');
      expect(/dynamodb_table\s+= "acme-dev-tflock"/.test(rendered)).toBe(locking !== 'lockfile');
    });

    test('another region or account of the caller than the intent says is refused', async () => {
      const governed = await govern();
      const elsewhere = await governed.run(['check', 'dev'], { env: { AWS_REGION: 'us-east-1' } });
      expect(elsewhere.code).toBe(3);
      expect(elsewhere.stderr).toMatch(/IDENTITY_MISMATCH.*us-east-1/s);
      const other = await govern({ environments: ['dev=999999999999:eu-central-1'] });
      const wrong = await other.run(['check', 'dev']);
      expect(wrong.code).toBe(3);
      expect(wrong.stderr).toMatch(/IDENTITY_MISMATCH.*123456789012/s);
    });

    test('a drifted control under a lock is refused, not corrected', async () => {
      const governed = await govern();
      expect((await play(governed)).code).toBe(0);
      const s3 = new S3Client(motoClientConfig(moto.endpoint));
      await s3.send(
        new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Suspended' } }),
      );
      const again = await play(governed);
      expect(again).toMatchObject({ code: 3, token: null });
      expect(again.screen).toContain('BACKEND_LOCKED');
      expect(again.screen).toContain('state-bucket.versioning');
    });

    test("somebody else's bucket of that name is refused and not touched", async () => {
      const s3 = new S3Client(motoClientConfig(moto.endpoint));
      await s3.send(
        new CreateBucketCommand({
          Bucket: BUCKET,
          CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
        }),
      );
      const refused = await play(await govern());
      expect(refused).toMatchObject({ code: 5, token: null });
      expect(refused.screen).toContain('FOREIGN_RESOURCE');
      await expect(s3.send(new GetBucketPolicyCommand({ Bucket: BUCKET }))).rejects.toThrow(/policy/i);
    });

    test("somebody else's role of that name is refused", async () => {
      const iam = new IAMClient(motoClientConfig(moto.endpoint));
      await iam.send(
        new CreateRoleCommand({
          RoleName: 'acme-dev-operator',
          AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [] }),
        }),
      );
      const refused = await play(await govern());
      expect(refused).toMatchObject({ code: 5, token: null });
      expect(refused.screen).toContain('FOREIGN_RESOURCE');
    });

    test('killed in the middle, --resume finishes the same run with one key', async () => {
      const governed = await govern();
      const screen = startGovboot(args(governed), terminal(governed));
      const [, token = ''] = await screen.waitFor(/token\s+(\S{5}-\S{5})/, 30_000);
      await screen.waitFor(/token: ?$/im);
      await screen.type(`${token}\r`);
      await screen.waitFor(/APPLY to begin: ?$/m);
      await screen.type('APPLY\r');
      await screen.waitFor(/✓ create state-key/, 30_000);
      screen.kill('SIGKILL');
      await screen.exit;
      const blocked = await play(governed);
      expect(blocked).toMatchObject({ code: 6, token: null });
      expect(blocked.screen).toContain('RECOVERY_REQUIRED');
      const resumed = await play(governed, '--resume');
      expect(resumed.screen).toContain('bootstrapped and locked');
      expect(resumed.code).toBe(0);
      expect(await keys()).toBe(1);
      expect((await governed.run(['verify', 'dev'])).code).toBe(0);
      expect((await play(governed)).screen).toContain('nothing to do');
    });

    test('of two operators at once one wins, and the other is told who holds the claim', async () => {
      // One repository on two machines: what is claimed is the environment in the cloud.
      const copies = twoClones(await govern());
      const done = await Promise.all(copies.map((clone) => playApply(clone.args, clone.terminal)));
      const codes = done.map(({ code }) => code).sort((a, b) => a - b);
      expect(codes[0]).toBe(0);
      // Too late for the claim, or so late that the plan it had confirmed is not the plan any more.
      expect([4, 75]).toContain(codes[1]);
      const loser = done.find(({ code }) => code !== 0)?.screen ?? '';
      expect(loser).toMatch(codes[1] === 75 ? /is bootstrapping this environment\s+since/ : /PLAN_CHANGED/);
      expect(await keys()).toBe(1);
    });

    function twoClones(governed: Governed) {
      return [governed.folder, governed.folder].map((folder, i) => {
        const copy = i === 0 ? folder : mkdtempSync(join(tmpdir(), 'govboot-second-'));
        if (i > 0) cpSync(folder, copy, { recursive: true });
        return {
          args: [
            '--repo',
            join(copy, 'infra'),
            '--pins',
            join(copy, 'home', 'pins.json'),
            '--key',
            join(copy, 'keys', 'alice.key'),
            'apply',
            'dev',
          ],
          terminal: {
            cwd: copy,
            env: {
              ...governed.env,
              HOME: join(copy, 'home'),
              XDG_CONFIG_HOME: join(copy, 'home', '.config'),
            },
            rows: 60,
          },
        };
      });
    }
  },
);
