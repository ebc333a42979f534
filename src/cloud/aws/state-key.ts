/** The key of the state, one an environment. */
import { keyResource } from './key.ts';
import { keyPolicy } from './policies/key-policy.ts';
import { clauses, type AwsResource } from './resource.ts';

const ROLES = ['role-operator', 'role-automation', 'role-ci-plan', 'role-ci-apply', 'role-break-glass'];

export const stateKey: AwsResource = {
  ...keyResource({
    id: 'state-key',
    mark: null,
    aliasOf: (b) => b.names.keyAlias,
    descriptionOf: (b) => `Terraform state of ${b.organisation} ${b.environment}, made by govboot`,
    why: {
      spec: 'S3 and DynamoDB need a symmetric key; imported material can expire and a replica can be read elsewhere.',
      state: 'Without the key every state of the environment is unreadable, for ever once it is deleted.',
    },
    policy: {
      title:
        'key policy: roles use it through S3 and DynamoDB, deleted by break-glass only, never locked out',
      why: 'The key is the second lock on the state. Its policy shuts other accounts out and never the account itself, whose IAM policies can let more people in: keep kms:Decrypt scarce there.',
      satisfies: clauses(
        ['FSBP', 'KMS.3', 'KMS.5'],
        ['ISO/IEC 27001:2022', 'A.8.24', 'A.8.3'],
        ['SOC 2', 'CC6.1'],
      ),
      after: ROLES,
      of: keyPolicy,
    },
  }),
  kind: 'state-key',
  title: 'encryption key',
  wanted: () => true,
};
