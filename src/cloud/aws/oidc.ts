/**
 * The identity providers of the pipelines. IAM has one provider a URL and account, so it may serve other repositories too:
 *
 * - ours (made by us, with our tags): every control is kept right;
 * - somebody else's, with our audience: a prerequisite that is already met; it is used and never written to, not even tags;
 * - somebody else's, without our audience: adding one would widen their provider, so it is shown and refused.
 *
 * Trust lies in the roles, not here: a provider alone lets nobody in.
 */
import type { GetOpenIDConnectProviderCommandOutput } from '@aws-sdk/client-iam';
import { isJsonObject, type Json } from '../../kernel/json.ts';
import type { Blueprint } from '../../plan/blueprint.ts';
import type { Comparison } from '../../plan/control.ts';
import type { AwsApi } from './api.ts';
import { oidcProviderArn, stsAudience } from './arn.ts';
import {
  clauses,
  locating,
  none,
  observing,
  set,
  value,
  type AwsControl,
  type AwsResource,
} from './resource.ts';
import { areOurs, asTags, birthTags, compareTags, shownTags, tagList, tagsOf, tagSpec } from './tags.ts';
import { GITHUB_HOST } from '../../inputs/names.ts';
import { OWNER_TAGS } from '../../plan/blueprint.ts';

type Forge = 'github' | 'gitlab';

/** Where the tokens come from and for whom they are meant; null when the policy does not use this forge. */
function issuerOf(b: Blueprint, forge: Forge): { readonly host: string; readonly audience: string } | null {
  if (forge === 'github') {
    return b.federation.github === null ? null : { host: GITHUB_HOST, audience: stsAudience(b) };
  }
  const lab = b.federation.gitlab;
  return lab === null ? null : { host: lab.host, audience: lab.audience };
}

function hostOf(b: Blueprint, forge: Forge): string {
  return issuerOf(b, forge)?.host ?? '';
}

async function get(api: AwsApi, b: Blueprint, forge: Forge): Promise<GetOpenIDConnectProviderCommandOutput> {
  return api.call('iam:GetOpenIDConnectProvider', {
    OpenIDConnectProviderArn: oidcProviderArn(b, hostOf(b, forge)),
  });
}

const SHARED = 'shared';

function tagControl(forge: Forge): AwsControl {
  const id = `oidc-${forge}`;
  return {
    ...tagSpec(id),
    // A shared provider carries the tags of its owner.
    compare: (observed, desired, b) =>
      areOurs(asTags(observed), b) ? compareTags(observed, desired, b) : { is: 'right' },
    read: (api, b) => observing(async () => set(shownTags(tagsOf((await get(api, b, forge)).Tags)))),
    async write(api, b, _known, wanted) {
      await api.call('iam:TagOpenIDConnectProvider', {
        OpenIDConnectProviderArn: oidcProviderArn(b, hostOf(b, forge)),
        Tags: tagList(asTags(wanted)),
      });
    },
  };
}

function compareAudience(observed: Json, desired: Json): Comparison {
  if (!isJsonObject(observed) || !isJsonObject(desired)) return { is: 'wrong' };
  const found = observed['audiences'] as readonly string[];
  const wanted = desired['audiences'] as readonly string[];
  const others = found.filter((audience) => !wanted.includes(audience));
  const complete = wanted.every((audience) => found.includes(audience));
  if (observed['owner'] === SHARED) return complete ? { is: 'right' } : { is: 'foreign', found: [...found] };
  // On a provider of ours, an audience that nobody asked for lets other kinds of token in.
  if (others.length > 0) return { is: 'foreign', found: others };
  return { is: complete ? 'right' : 'wrong' };
}

function audienceControl(forge: Forge): AwsControl {
  return {
    id: `oidc-${forge}.client-id`,
    title: 'audience of the pipeline',
    why: 'A token that was made for somebody else must not open a role here.',
    needs: ['oidc'],
    satisfies: clauses(['ISO/IEC 27001:2022', 'A.8.5', 'A.5.16'], ['SOC 2', 'CC6.1']),
    atCreation: true,
    desired(b) {
      const issuer = issuerOf(b, forge);
      return issuer === null ? none : value({ audiences: [issuer.audience], owner: 'us' });
    },
    compare: compareAudience,
    read: (api, b) =>
      observing(async () => {
        const provider = await get(api, b, forge);
        const owner = areOurs(tagsOf(provider.Tags), b) ? 'us' : SHARED;
        return set({ audiences: [...(provider.ClientIDList ?? [])].sort(), owner });
      }),
    async write(api, b) {
      await api.call('iam:AddClientIDToOpenIDConnectProvider', {
        OpenIDConnectProviderArn: oidcProviderArn(b, hostOf(b, forge)),
        ClientID: issuerOf(b, forge)?.audience,
      });
    },
  };
}

function provider(forge: Forge, title: string): AwsResource {
  const id = `oidc-${forge}`;
  return {
    id,
    kind: 'oidc-provider',
    title,
    after: [],
    wanted: (b) => issuerOf(b, forge) !== null,
    nameOf: (b) => hostOf(b, forge),
    refusesTaken: true,
    controls: [audienceControl(forge), tagControl(forge)],
    locate: (api, b) =>
      locating(async () => {
        const tags = tagsOf((await get(api, b, forge)).Tags);
        const mine = areOurs(tags, b);
        return {
          is: 'ours',
          known: { [`${id}.arn`]: oidcProviderArn(b, hostOf(b, forge)) },
          madeBy: mine ? (tags[OWNER_TAGS.run] ?? null) : null,
          detail: mine
            ? `provider ${hostOf(b, forge)}`
            : `provider ${hostOf(b, forge)}, shared and left as it is`,
        };
      }),
    async create(api, b, _known, run) {
      const issuer = issuerOf(b, forge);
      // No thumbprint: IAM verifies these issuers by its own trusted roots (IAM CreateOpenIDConnectProvider).
      await api.call('iam:CreateOpenIDConnectProvider', {
        Url: `https://${hostOf(b, forge)}`,
        ClientIDList: issuer === null ? [] : [issuer.audience],
        Tags: tagList(birthTags(b, run)),
      });
      return { [`${id}.arn`]: oidcProviderArn(b, hostOf(b, forge)) };
    },
  };
}

export const oidcGithub = provider('github', 'identity provider of GitHub Actions');
export const oidcGitlab = provider('gitlab', 'identity provider of GitLab CI');
