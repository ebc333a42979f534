/** The key of the evidence, apart from that of the state: who may lose or read one has no say over the other. */
import { storeOf } from './evidence-store.ts';
import { keyResource } from './key.ts';
import { evidenceKeyPolicy } from './policies/evidence-key-policy.ts';
import { clauses, type AwsResource } from './resource.ts';

export const evidenceKey: AwsResource = {
  ...keyResource({
    id: 'evidence-key',
    mark: 'evidence-key',
    aliasOf: (b) => storeOf(b).keyAlias,
    descriptionOf: (b) => `Evidence of ${b.organisation} ${b.environment}, made by govboot`,
    why: {
      spec: 'S3 needs a symmetric key; imported material can expire and a replica can be read elsewhere.',
      state: 'What nobody can delete is lost all the same once nobody can decrypt it.',
    },
    policy: {
      title: 'key policy: used through S3 for its one bucket only, deleted by nobody, never locked out',
      why: 'Deleting the key would delete all evidence at once, whatever keeps the objects; so nobody may, break-glass included. The roles of the state have no use for it.',
      satisfies: clauses(
        ['FSBP', 'KMS.3', 'KMS.5'],
        ['ISO/IEC 27001:2022', 'A.8.24', 'A.5.28', 'A.5.33'],
        ['SOC 2', 'CC6.1'],
      ),
      after: ['role-break-glass'],
      of: (b) => evidenceKeyPolicy(b, storeOf(b)),
    },
  }),
  kind: 'evidence-key',
  title: 'encryption key of the evidence',
  wanted: (b) => b.evidence !== null,
};
