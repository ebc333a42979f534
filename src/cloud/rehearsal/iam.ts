/** The IAM of the rehearsal cloud: roles and OpenID Connect providers. docs/rehearsal-cloud.md, clauses IAM.n. */
import type * as IAM from '@aws-sdk/client-iam';
import { accountWide, arn, current, read, save, type Call, type Done, type Handlers } from './context.ts';
import { absent, exists, invalid } from './faults.ts';
import { iamTags, roles, validationError } from './iam-roles.ts';
import type { Provider } from './state.ts';
import { tagPairs } from './tags.ts';

const MAX_CLIENT_IDS = 100;

function checkClientId(id: string): string {
  if (id === '' || id.length > 255) throw validationError('clientID', id, 'have length between 1 and 255');
  return id;
}

function place(providerArn: string | undefined, call: Call): string {
  const prefix = arn(call, 'iam', '', 'oidc-provider/');
  if (providerArn === undefined || !providerArn.startsWith(prefix))
    throw invalid('InvalidInputException', `Invalid OpenIDConnectProvider ARN: ${providerArn ?? ''}`);
  return accountWide(call, providerArn.slice(prefix.length));
}

function found(provider: Provider | undefined, providerArn: string | undefined): Provider {
  if (provider === undefined)
    throw absent('NoSuchEntityException', `OpenIDConnect Provider not found for arn ${providerArn ?? ''}`);
  return provider;
}

function change(
  providerArn: string | undefined,
  call: Call,
  how: (provider: Provider) => Partial<Provider>,
): Done {
  const at = place(providerArn, call);
  const provider = found(current(call.state.providers, at), providerArn);
  save(call.state.providers, at, { ...provider, ...how(provider) }, call);
  return {};
}

function shownTags(tags: Provider['tags']): { Tags?: IAM.Tag[] } {
  return Object.keys(tags).length === 0
    ? {}
    : { Tags: tagPairs(tags).map(([Key, Value]) => ({ Key, Value })) };
}

function createProvider(
  input: IAM.CreateOpenIDConnectProviderCommandInput,
  call: Call,
): Omit<IAM.CreateOpenIDConnectProviderCommandOutput, '$metadata'> {
  const url = input.Url ?? '';
  if (!/^https:\/\/[a-z0-9.-]+(?:\/[\w./~-]*)?$/i.test(url) || url.length > 255)
    throw validationError('url', url, 'begin with https:// and have neither port nor query');
  const ids = [...new Set((input.ClientIDList ?? []).map(checkClientId))];
  if (ids.length > MAX_CLIENT_IDS)
    throw invalid(
      'LimitExceededException',
      `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${String(MAX_CLIENT_IDS)}`,
      409,
    );
  const thumbprints = input.ThumbprintList ?? [];
  if (thumbprints.length > 5)
    throw invalid('InvalidInputException', 'Thumbprint list must contain fewer than 5 entries.');
  for (const thumbprint of thumbprints)
    if (!/^[0-9a-f]{40}$/i.test(thumbprint))
      throw validationError('thumbprintList', thumbprint, 'have length 40');
  const tags = iamTags(input.Tags ?? [], {});
  const bare = url.slice('https://'.length).replace(/\/$/, '');
  const at = accountWide(call, bare);
  if (current(call.state.providers, at) !== undefined)
    throw exists('EntityAlreadyExistsException', `Provider with url ${url} already exists.`);
  save(
    call.state.providers,
    at,
    { url: bare, createdAt: call.sight.now, clientIds: ids, thumbprints, tags },
    call,
  );
  return { OpenIDConnectProviderArn: arn(call, 'iam', '', `oidc-provider/${bare}`), ...shownTags(tags) };
}

export const iam: Handlers<'iam'> = {
  ...roles,
  'iam:CreateOpenIDConnectProvider': createProvider,
  'iam:GetOpenIDConnectProvider': (input, call) => {
    const provider = found(
      read(call.state.providers, place(input.OpenIDConnectProviderArn, call), call),
      input.OpenIDConnectProviderArn,
    );
    return {
      Url: provider.url,
      ClientIDList: [...provider.clientIds],
      ThumbprintList: [...provider.thumbprints],
      CreateDate: new Date(provider.createdAt),
      ...shownTags(provider.tags),
    };
  },
  'iam:AddClientIDToOpenIDConnectProvider': (input, call) =>
    change(input.OpenIDConnectProviderArn, call, ({ clientIds }) => {
      const ids = [...new Set([...clientIds, checkClientId(input.ClientID ?? '')])];
      if (ids.length > MAX_CLIENT_IDS)
        throw invalid(
          'LimitExceededException',
          `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${String(MAX_CLIENT_IDS)}`,
          409,
        );
      return { clientIds: ids };
    }),
  'iam:TagOpenIDConnectProvider': (input, call) =>
    change(input.OpenIDConnectProviderArn, call, ({ tags }) => ({
      tags: { ...tags, ...iamTags(input.Tags ?? [], tags) },
    })),
};
