// The contract, on the rehearsal cloud and on moto through the real SDK.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeSdkApi } from '../../src/cloud/aws/sdk-api.ts';
import { makeRehearsalApi } from '../../src/cloud/rehearsal/api.ts';
import { MODELLED } from '../../src/cloud/rehearsal/modelled.ts';
import { memoryStore } from '../../src/cloud/rehearsal/store.ts';
import { requireOrSkip } from '../harness/capabilities.ts';
import { motoAccount, motoEnv, startMoto, type Moto } from '../harness/moto.ts';
import { behaviours, contract, counting } from './aws-api.ts';
import type { ContractWorld } from './world.ts';

const exercised = new Set<string>();
const region = 'eu-central-1';

function rehearsal(): ContractWorld {
  let now = Date.UTC(2026, 0, 1);
  const clock = {
    now: () => now,
    pause: async (ms: number) => {
      now += ms;
    },
  };
  const store = memoryStore({ seed: 7 });
  const base = { account: '123456789012', region, clock, store };
  return {
    ...base,
    partition: 'aws',
    api: counting(makeRehearsalApi(base), exercised),
    elsewhere: (where) => makeRehearsalApi({ ...base, ...where }),
    pause: clock.pause,
  };
}

contract('rehearsal', async () => rehearsal());

describe('the contract itself', () => {
  test('exercises every operation that govboot can make', () => {
    expect([...exercised].sort()).toEqual(Object.keys(MODELLED).sort());
  });
  test('has one clause a behaviour', () => {
    const clauses = behaviours.map(({ clause }) => clause);
    expect(new Set(clauses).size).toBe(clauses.length);
    expect(clauses.length).toBeGreaterThanOrEqual(80);
  });
});

const moto = requireOrSkip('moto', 'the contract of AwsApi on moto');

describe.skipIf(!moto)('with the real SDK', () => {
  let server: Moto;
  beforeAll(async () => {
    server = await startMoto();
    for (const [name, value] of Object.entries(motoEnv(server.endpoint))) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.stop();
  });

  contract('moto', async () => {
    await server.reset();
    return {
      api: makeSdkApi({ region, endpoint: server.endpoint }),
      account: motoAccount,
      region,
      partition: 'aws',
      elsewhere: null,
      pause: async () => undefined,
    };
  });
});
