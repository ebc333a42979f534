/**
 * Real clients on real backends: what govboot makes is what Terraform and OpenTofu need. Every call goes through the authorizing
 * proxy with the permissions of one role, and what was asked is compared with what was measured before. To measure again:
 *
 *     GOVBOOT_MEASURE=1 npx vitest run test/e2e/terraform.test.ts
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RoleName } from '../../src/plan/blueprint.ts';
import { startAuthzProxy, type AuthzProxy, type Recorded } from '../harness/authz-proxy.ts';
import { recordNotRun, requireOrSkip } from '../harness/capabilities.ts';
import type { CliResult } from '../harness/cli.ts';
import { makeGoverned } from '../harness/governed-repo.ts';
import { measuredFile, measuredOf, measuredText, type MeasuredCall } from '../harness/measured.ts';
import { motoAccount, motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { playApply } from '../harness/operator.ts';
import {
  consumers,
  consumerVersion,
  workplace,
  type Consumer,
  type Workplace,
} from '../harness/terraform.ts';

const LOCKING = ['table', 'lockfile', 'both'] as const;
type Locking = (typeof LOCKING)[number];

const place = { partition: 'aws', account: motoAccount, region: 'eu-central-1' } as const;
const names = {
  bucket: 'acme-dev-tfstate-123456789012-eu-central-1',
  table: 'acme-dev-tflock',
  role: (role: RoleName): string => `acme-dev-${role}`,
};

/** One backend, made by govboot at a terminal, and what a test needs to use it. */
interface Backend {
  readonly locking: Locking;
  readonly file: string;
  readonly folder: string;
  readonly keyArn: string;
  readonly stateKey: string;
}

const apply = ['apply', '-auto-approve', '-no-color'];
const said = ({ code, stdout, stderr }: CliResult): string => `exit ${String(code)}\n${stdout}${stderr}`;

for (const consumer of consumers) {
  const here =
    requireOrSkip('moto', `${consumer} on a backend that was made`) &&
    requireOrSkip(consumer, `${consumer} on a backend that was made`);
  describe.skipIf(!here)(`${consumer} through the authorizing proxy`, { timeout: 240_000 }, () => {
    let moto: Moto;
    let proxy: AuthzProxy;
    const measured: MeasuredCall[] = [];
    beforeAll(async () => {
      moto = await startMoto();
      proxy = await startAuthzProxy(moto.endpoint, place);
    });
    afterAll(async () => {
      await proxy.stop();
      await moto.stop();
    });

    test.for(LOCKING)('locking by %s: each role does what it is for, and no more', async (locking) => {
      await moto.reset();
      proxy.forget();
      const backend = await bootstrap(proxy, locking);
      for (const role of ['ci-apply', 'operator', 'ci-plan'] as const) {
        proxy.take();
        const at = workplace(consumer, join(backend.folder, role), backend.file, proxy.as(names.role(role)));
        if (role === 'ci-plan') await plans(at, proxy);
        else await writes(at, proxy, role);
        measured.push(...canonical(proxy.take(), backend, role));
      }
    });

    test('made the calls that were measured before, and no others', () => {
      compare(consumer, measured);
    });
  });
}

async function bootstrap(proxy: AuthzProxy, locking: Locking): Promise<Backend> {
  const governed = await makeGoverned({
    endpoint: proxy.endpoint,
    env: motoEnv(proxy.endpoint),
    environments: [`dev=${motoAccount}:${place.region}`],
    locking,
    github: true,
  });
  const played = await playApply([...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev'], {
    cwd: governed.folder,
    env: governed.env,
    rows: 60,
  });
  expect(played.screen).toContain('bootstrapped and locked');
  const out = join(governed.folder, 'rendered');
  mkdirSync(out);
  const rendered = await governed.run(['backend', 'render', 'dev', '--out', out]);
  expect(rendered.code, said(rendered)).toBe(0);
  const file = join(out, 'backend.tf');
  const text = readFileSync(file, 'utf8');
  const [, keyArn = ''] = /kms_key_id\s+= "([^"]+)"/.exec(text) ?? [];
  const [, stateKey = ''] = /\bkey\s+= "([^"]+)"/.exec(text) ?? [];
  return { locking, file, folder: governed.folder, keyArn, stateKey };
}

async function good(at: Workplace, ...args: readonly string[]): Promise<string> {
  const done = await at.run(args);
  expect(done.code, `${args.join(' ')}: ${said(done)}`).toBe(0);
  return done.stdout;
}

async function refused(at: Workplace, why: RegExp, ...args: readonly string[]): Promise<string> {
  const done = await at.run(args);
  expect(done.code, `${args.join(' ')}: ${said(done)}`).toBe(1);
  expect(done.stderr).toMatch(why);
  return done.stderr;
}

/** A whole working life of a role that writes. */
async function writes(at: Workplace, proxy: AuthzProxy, role: 'ci-apply' | 'operator'): Promise<void> {
  await good(at, 'init', '-no-color');
  await good(at, ...apply);
  await good(at, 'plan', '-no-color');
  await workspaces(at, `of-${role}`);
  const held = await at.hold();
  await refused(at, /Error acquiring the state lock/, ...apply, '-lock-timeout=0s');
  expect(await held.release()).toBe(0);
  await killed(at);
  // Both roles have one policy, which a test of its own says; the large state is sent by one of them.
  if (role === 'ci-apply') await uploads(at, proxy);
  // Nothing that was allowed above was refused on the way, but for what no role may do.
  expect(deniedActions(proxy)).toEqual([`s3:DeleteObject env:/of-${role}/`]);
}

/** Workspaces can be made and used. Deleting one would delete a state, which no role may. */
async function workspaces(at: Workplace, name: string): Promise<void> {
  await good(at, 'workspace', 'new', '-no-color', name);
  await good(at, ...apply);
  await good(at, 'destroy', '-auto-approve', '-no-color');
  expect(await good(at, 'workspace', 'list')).toContain(`* ${name}\n`);
  await good(at, 'workspace', 'select', 'default');
  await refused(at, /AccessDenied/, 'workspace', 'delete', '-no-color', name);
  expect(await good(at, 'workspace', 'list')).toContain(name);
}

/** A machine that goes away in the middle of an apply leaves its lock, and the id in the refusal frees it. */
async function killed(at: Workplace): Promise<void> {
  await (await at.hold()).kill();
  const blocked = await refused(
    at,
    /Error acquiring the state lock/,
    'plan',
    '-no-color',
    '-lock-timeout=0s',
  );
  const [, id = ''] = /ID:\s+([0-9a-f-]{36})/.exec(blocked) ?? [];
  await good(at, 'force-unlock', '-force', id);
  await good(at, 'plan', '-no-color');
}

/** A state larger than 5 MiB goes up in parts; a part that fails ends the upload, and the client clears it up. */
async function uploads(at: Workplace, proxy: AuthzProxy): Promise<void> {
  const fails = async (): Promise<void> => {
    proxy.failNext(({ method, target }) => method === 'PUT' && target.includes('partNumber='), 400);
    await refused(at, /Failed to save state/, ...apply);
  };
  at.grow();
  await fails();
  await good(at, 'workspace', 'new', '-no-color', 'large');
  await fails();
  await good(at, ...apply);
}

async function plans(at: Workplace, proxy: AuthzProxy): Promise<void> {
  await good(at, 'init', '-no-color');
  await good(at, 'plan', '-no-color');
  expect(await good(at, 'workspace', 'list')).toContain('of-ci-apply');
  await good(at, 'workspace', 'select', 'of-ci-apply');
  await good(at, 'plan', '-no-color');
  await good(at, 'workspace', 'select', 'default');
  const before = await good(at, 'state', 'pull');
  await refused(at, /AccessDenied/, ...apply, '-replace=terraform_data.held');
  // The lock is free again, and the state is the one from before.
  await good(at, 'plan', '-no-color');
  expect(await good(at, 'state', 'pull')).toBe(before);
  await refused(at, /AccessDenied/, 'workspace', 'new', '-no-color', 'of-ci-plan');
  expect(deniedActions(proxy)).toEqual([
    's3:PutObject env:/of-ci-plan/',
    's3:PutObject the default workspace',
  ]);
}

/** What was refused, with the workspace whose state it was. */
function deniedActions(proxy: AuthzProxy): readonly string[] {
  const denied = proxy.peek().filter(({ verdict }) => verdict.is !== 'allowed');
  return [
    ...new Set(
      denied.map(
        ({ call }) => `${call.action} ${/env:\/[^/]+\//.exec(call.resource)?.[0] ?? 'the default workspace'}`,
      ),
    ),
  ].sort();
}

function canonical(recorded: readonly Recorded[], backend: Backend, role: RoleName): readonly MeasuredCall[] {
  const { locking, keyArn, stateKey } = backend;
  const roles = {} as never;
  const b = {
    ...place,
    stateKey,
    names: { bucket: names.bucket, bucketNamespace: 'global', table: names.table, keyAlias: '', roles },
  } as const;
  return measuredOf(recorded, locking, role, b, keyArn);
}

function compare(consumer: Consumer, measured: readonly MeasuredCall[]): void {
  const version = consumerVersion(consumer) ?? '?';
  const file = measuredFile(consumer, version);
  const text = measuredText(measured);
  expect(measured.length).toBeGreaterThan(100);
  if (process.env['GOVBOOT_MEASURE'] === '1') writeFileSync(file, text);
  if (!existsSync(file)) {
    recordNotRun(
      `the calls of ${consumer} ${version} against those measured before`,
      'it was never measured',
    );
    return;
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}
