/** That nobody was granted the key beside its policy. A grant stands in no policy, and outlives every change of one. */
import type { GrantListEntry } from '@aws-sdk/client-kms';
import { toJson, type Json } from '../../kernel/json.ts';
import type { Blueprint } from '../../plan/blueprint.ts';
import type { ResourceId } from '../../plan/control.ts';
import type { AwsApi } from './api.ts';
import { clauses, foreignUnlessEmpty, observing, pages, set, value, type AwsControl } from './resource.ts';

/**
 * DynamoDB grants itself the key of a table that it encrypts, for this table of this account alone
 * (DynamoDB developer guide, "Encryption at rest: usage notes": GranteePrincipal, EncryptionContextSubset).
 */
function isOfLockTable(
  { GranteePrincipal: grantee, Constraints: constraints }: GrantListEntry,
  b: Blueprint,
): boolean {
  const service = new RegExp(`^dynamodb\\.${b.region}\\.amazonaws\\.com(\\.cn)?$`);
  const context = { ...constraints?.EncryptionContextEquals, ...constraints?.EncryptionContextSubset };
  return (
    grantee !== undefined &&
    service.test(grantee) &&
    context['aws:dynamodb:tableName'] === b.names.table &&
    context['aws:dynamodb:subscriberId'] === b.account
  );
}

/** What is granted to whom; when it was granted, and by which id, says nothing of what it lets happen. */
function shown({ GranteePrincipal, Operations, Constraints, IssuingAccount, GrantId }: GrantListEntry): Json {
  return toJson({
    GrantId,
    GranteePrincipal,
    Operations: [...(Operations ?? [])].sort(),
    Constraints,
    IssuingAccount,
  });
}

async function grants(api: AwsApi, keyArn: string): Promise<readonly GrantListEntry[]> {
  const all = await pages(
    (Marker) =>
      api.call('kms:ListGrants', {
        KeyId: keyArn,
        ...(Marker === undefined ? {} : { Marker }),
      }),
    (page) => (page.Truncated === true ? page.NextMarker : undefined),
  );
  return all.flatMap((page) => page.Grants ?? []);
}

/** @param ofTable whether it is the key of the lock table too */
export const noGrantsOf = (id: ResourceId, ofTable: boolean): AwsControl => ({
  id: `${id}.no-grants`,
  title: ofTable ? 'no grants but that of the lock table' : 'no grants',
  why: 'A grant lets somebody decrypt whatever the key policy says, and is seen in no policy.',
  needs: ['key-policy'],
  satisfies: clauses(['ISO/IEC 27001:2022', 'A.8.24', 'A.8.3'], ['SOC 2', 'CC6.1']),
  atCreation: true,
  forbids: true,
  desired: () => value([]),
  compare: foreignUnlessEmpty,
  read: (api, b, known) =>
    observing(async () => {
      const all = await grants(api, known[`${id}.arn`] ?? '');
      return set(all.filter((grant) => !ofTable || !isOfLockTable(grant, b)).map(shown));
    }),
  write: async () => Promise.reject(new TypeError('grants of others are not ours to revoke')),
});
