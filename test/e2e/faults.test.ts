/**
 * Faults on the real program, over the real SDK: killed, cut off or left without an answer at any changing call, throttled, refused and
 * without credentials, a run ends as one that met nothing of it, after one recovery at most.
 *
 *     npx vitest run test/e2e/faults.test.ts              a share, another one each time; GOVBOOT_FAULTS_SEED=N tries the same again
 *     npm run faults                                      all of them; GOVBOOT_FAULTS_ONLY=REGEX those that it matches
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { DENIED } from '../harness/fault-answers.ts';
import { changesOf, everyPoint, shareOf } from '../harness/fault-choice.ts';
import { failuresOf, tableOf, tryAll } from '../harness/fault-points.ts';
import { startFaultProxy, type FaultProxy } from '../harness/fault-proxy.ts';
import {
  KINDS,
  makeScenes,
  openSite,
  undisturbed,
  type Kind,
  type Scene,
  type Undisturbed,
} from '../harness/fault-scenes.ts';
import {
  everyStorePoint,
  makeStoring,
  operationsOf,
  STORING,
  storeShareOf,
  tryStoring,
} from '../harness/fault-store.ts';
import { startMoto, type Moto } from '../harness/moto.ts';

const ALL = process.env['GOVBOOT_FAULTS'] === 'all';
/** Of all, those whose name it matches: to try again what failed. */
const ONLY = process.env['GOVBOOT_FAULTS_ONLY'];
const SEED = Number(process.env['GOVBOOT_FAULTS_SEED'] ?? Math.floor(Date.now() / 1000) % 100_000);
/** Most of the time a run waits for an answer, a pause or a process of its own. */
const SIDE_BY_SIDE = 2 * availableParallelism();
const kinds = Object.keys(KINDS) as Kind[];

describe.skipIf(!requireOrSkip('moto', 'faults on the real program'))(
  'faults',
  { timeout: 7_200_000 },
  () => {
    let moto: Moto;
    let proxy: FaultProxy;
    let scenes: Readonly<Record<Kind, Scene>>;
    let wanted: Readonly<Record<Kind, Undisturbed>>;
    beforeAll(async () => {
      moto = await startMoto();
      proxy = await startFaultProxy();
      scenes = await makeScenes(proxy, moto);
      const ran = await Promise.all(
        kinds.map(async (kind) => [kind, await undisturbed(scenes[kind])] as const),
      );
      wanted = Object.fromEntries(ran) as Record<Kind, Undisturbed>;
    }, 300_000);
    afterAll(async () => {
      await moto.stop();
      await proxy.stop();
    });

    test('undisturbed, each kind of run changes something of every resource, and leaves one of each', () => {
      for (const kind of kinds) {
        const services = changesOf(wanted[kind]).map(({ operation }) => operation.split(':')[0]);
        expect(new Set(services), kind).toEqual(new Set(['iam', 'kms', 's3', 'dynamodb']));
        expect(changesOf(wanted[kind]).length, kind).toBeGreaterThan(14);
        const counts = Object.entries(wanted[kind].cloud).map(([part, found]) => [
          part,
          (found as object[]).length,
        ]);
        expect(Object.fromEntries(counts), kind).toEqual({
          ...{ buckets: 1, tables: 1, keys: 1, aliases: 1, roles: 5, providers: 1 },
        });
      }
    });

    test('at any changing call: the end is that of an undisturbed run', async () => {
      const chosen = ALL ? everyPoint(wanted) : shareOf(wanted, SEED);
      const only = new RegExp(ONLY ?? '');
      const points = chosen.filter(({ kind, name }) => only.test(`${kind}: ${name}`));
      const met = new Set(
        points.flatMap(({ kind, rules }) => rules.map(({ match }) => `${kind} ${JSON.stringify(match)}`)),
      );
      for (const { name, nth } of ONLY === undefined ? changesOf(wanted.fresh) : [])
        expect(met).toContain(`fresh ${JSON.stringify({ by: 'name', name, nth })}`);
      const tried = await tryAll(points, scenes, wanted, SIDE_BY_SIDE);
      const which = ALL ? 'all' : `a share, GOVBOOT_FAULTS_SEED=${String(SEED)}`;
      console.log(`${String(tried.length)} faults tried on the real program (${which})\n${tableOf(tried)}`);
      expect(failuresOf(tried)).toEqual([]);
    });

    test('at any call that stores evidence: apply ends well, and a push later the store is as undisturbed', async () => {
      const storing = await makeStoring(proxy, moto);
      expect(new Set(operationsOf(storing.calls))).toEqual(new Set(STORING));
      const chosen = ALL ? everyStorePoint(storing) : storeShareOf(storing, SEED);
      const only = new RegExp(ONLY ?? '');
      const points = chosen.filter(({ name }) => only.test(`storing: ${name}`));
      const tried = await tryStoring(storing, points, SIDE_BY_SIDE);
      const count = (is: string): string => String(tried.filter(({ result }) => result.is === is).length);
      console.log(
        `${String(tried.length)} faults tried while evidence is stored: ${count('stored by itself')} stored by itself, ${count('pushed again')} pushed again`,
      );
      const failed = tried.flatMap(({ point, result }) =>
        result.is === 'failed' ? [`${point.name}: ${result.why}`] : [],
      );
      expect(failed).toEqual([]);
    });

    test('a read that is denied is told as such, and never taken for absence', async () => {
      const reads = new Set(
        wanted.superseding.calls.flatMap(({ operation, mutating }) => (mutating ? [] : [operation])),
      );
      // Who may not ask who they are has no name to be judged; a bucket that answers 403 is somebody else's; and the list of keys is asked for
      // beside the alias, and needed only where there is none.
      for (const other of ['sts:GetCallerIdentity', 's3:HeadBucket', 'kms:ListKeys']) reads.delete(other);
      expect(reads.size).toBeGreaterThan(20);
      const some = [...reads].sort().filter((_, i) => ALL || i % 4 === SEED % 4);
      const site = await openSite(scenes.superseding);
      const wrong: string[] = [];
      for (const operation of some) {
        site.lane.script([
          {
            match: { by: 'operation', operation },
            fault: { is: 'answered', reply: DENIED },
            times: Infinity,
          },
        ]);
        const { code, stdout, stderr } = await site.run([
          'plan',
          'dev',
          '--intent',
          KINDS.superseding.intent,
        ]);
        const said = `${stdout}${stderr}`;
        if (
          code === 0 ||
          !said.includes(`READ_DENIED: ${operation}: AccessDenied`) ||
          /^\+ create/m.test(said)
        )
          wrong.push(`${operation}: exit ${String(code)}\n${said}`);
      }
      await site.close();
      console.log(`${String(some.length)} of ${String(reads.size)} reads denied`);
      expect(wrong).toEqual([]);
    });
  },
);
