/**
 * The contract of AwsApi: what govboot relies on, stated once and run against every AWS that it is tested on.
 * It is what keeps the rehearsal cloud and the real SDK from drifting apart.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { AwsApi } from '../../src/cloud/aws/api.ts';
import { dynamodbBehaviours } from './dynamodb.ts';
import { iamBehaviours } from './iam.ts';
import { kmsBehaviours } from './kms.ts';
import { s3ObjectBehaviours } from './s3-objects.ts';
import { s3Behaviours } from './s3.ts';
import type { Behaviour, ContractWorld } from './world.ts';

const stsBehaviours: readonly Behaviour[] = [
  {
    clause: 'STS.1',
    says: 'GetCallerIdentity names account, ARN and id',
    async run({ api, account }) {
      const who = await api.call('sts:GetCallerIdentity', {});
      expect(who.Account).toBe(account);
      expect(who.Arn).toMatch(new RegExp(`^arn:aws[a-z-]*:(sts|iam)::${account}:.+`));
      expect(who.UserId).toBeTruthy();
    },
  },
  {
    clause: 'ALL.1',
    says: 'every answer carries a request id of its own',
    async run({ api }) {
      const ids = [
        await api.call('sts:GetCallerIdentity', {}),
        await api.call('sts:GetCallerIdentity', {}),
      ].map(({ $metadata }) => $metadata.requestId);
      expect(ids.every((id) => typeof id === 'string' && id.length >= 16)).toBe(true);
      expect(new Set(ids).size).toBe(2);
    },
  },
];

export const behaviours: readonly Behaviour[] = [
  ...stsBehaviours,
  ...s3Behaviours,
  ...s3ObjectBehaviours,
  ...kmsBehaviours,
  ...dynamodbBehaviours,
  ...iamBehaviours,
];

/**
 * Runs the contract.
 * @param name as in `exceptOn`
 * @param makeWorld an empty account, made anew for each behaviour
 */
export function contract(name: string, makeWorld: () => Promise<ContractWorld>): void {
  const exceptions = behaviours.filter((behaviour) => behaviour.exceptOn?.[name] !== undefined);
  describe(`the contract of AwsApi on ${name}`, () => {
    for (const behaviour of behaviours) {
      const why = behaviour.exceptOn?.[name];
      const title = `${behaviour.clause} ${behaviour.says}`;
      if (why === undefined) test(title, async () => behaviour.run(await makeWorld()));
      // Run, and expected to fail: when it does not, the exception has become untrue and must go.
      else test.fails(`${title} (not on ${name}: ${why})`, async () => behaviour.run(await makeWorld()));
    }
    afterAll(() => {
      if (exceptions.length === 0) return;
      const lines = exceptions.map(
        ({ clause, says, exceptOn }) => `  ${clause.padEnd(8)} ${says}\n           ${exceptOn?.[name] ?? ''}`,
      );
      console.log(
        `\n${name} is known to differ from AWS in ${exceptions.length} of ${behaviours.length} behaviours:\n${lines.join('\n')}`,
      );
    });
  });
}

/** For the tests of the suite itself: fails unless `api` is exercised in every operation. */
export function counting(api: AwsApi, seen: Set<string>): AwsApi {
  return {
    call(operation, input) {
      seen.add(operation);
      return api.call(operation, input);
    },
  };
}
