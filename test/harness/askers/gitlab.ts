/** Jobs of GitLab (GitLab documentation, "OpenID Connect (OIDC) Authentication Using ID Tokens"). */
import type { RoleName } from '../../../src/plan/blueprint.ts';
import type { Entry } from '../trust-judge.ts';
import { HUB, LAB, token, withSubject, type AskerRow } from './row.ts';

interface Pipeline {
  readonly project: string;
  readonly type: 'branch' | 'tag';
  readonly ref: string;
  readonly aud: string | readonly string[] | null;
  readonly iss: string;
}

const PIPELINE: Pipeline = {
  project: 'acme/platform/infrastructure',
  type: 'branch',
  ref: 'env/dev',
  aud: 'https://acme.example/terraform',
  iss: `https://${LAB}`,
};

function row(
  what: string,
  answer: Entry['is'],
  other: Partial<Pipeline> = {},
  role: RoleName = 'ci-apply',
): AskerRow {
  const { project, type, ref, aud, iss } = { ...PIPELINE, ...other };
  const sub = `project_path:${project}:ref_type:${type}:ref:${ref}`;
  const asker = token(iss, { sub, aud, project_path: project, ref, ref_type: type });
  return { from: 'GitLab', what, role, b: withSubject('both'), asker, answer };
}

export const gitlabRows: readonly AskerRow[] = [
  row('the project, on the protected branch of the environment', 'in'),
  row('the same, at plan: a token names no environment', 'in', {}, 'ci-plan'),
  row('another branch', 'out', { ref: 'feature' }),
  row('the main branch', 'out', { ref: 'main' }),
  row('a branch that begins as ours', 'out', { ref: 'env/dev2' }),
  row('the branch of another environment', 'out', { ref: 'env/prod' }),
  row('the branch in another case', 'out', { ref: 'env/Dev' }),
  row('a tag that is called as the branch', 'out', { type: 'tag' }),
  row('a branch that is a star', 'out', { ref: '*' }),
  row('a merge request', 'out', { ref: 'refs/merge-requests/1/head' }),
  row('a fork', 'out', { project: 'mallory/infrastructure' }),
  row('another project of the group', 'out', { project: 'acme/platform/website' }),
  row('a group that begins as ours', 'out', { project: 'acme/platform-2/infrastructure' }),
  row('a project below ours', 'out', { project: 'acme/platform/infrastructure/sub' }),
  row('the path in another case', 'out', { project: 'Acme/platform/infrastructure' }),
  row('a project whose name carries the rest of a subject', 'out', {
    project: 'mallory/x:ref_type:branch:ref:env/dev',
  }),
  row('no audience', 'out', { aud: null }),
  row('the audience of the server', 'out', { aud: 'https://gitlab.com' }),
  row('the audience of GitHub', 'out', { aud: 'sts.amazonaws.com' }),
  row('several audiences, ours among them', 'undocumented', { aud: ['https://acme.example/terraform', 'b'] }),
  row('an own server', 'out', { iss: 'https://gitlab.example.com' }),
  row('a token of GitHub that says what ours says', 'out', { iss: `https://${HUB}` }),
  row('at the role for people', 'out', {}, 'operator'),
  row('at break-glass', 'out', {}, 'break-glass'),
];
