/** Jobs of GitHub. */
import type { Entry } from '../trust-judge.ts';
import type { RoleName } from '../../../src/plan/blueprint.ts';
import { HUB, job, LAB, withSubject, type AskerRow, type Job } from './row.ts';

const immutable = withSubject('immutable');
const named = withSubject('name');
const both = withSubject('both');

function row(
  what: string,
  answer: Entry['is'],
  other: Partial<Job> = {},
  role: RoleName = 'ci-apply',
  b = immutable,
): AskerRow {
  return { from: 'GitHub', what, role, b, asker: job(other), answer };
}

const plan: Partial<Job> = { context: 'environment:dev-plan' };
const sub = (text: string): Partial<Job> => ({ claims: { sub: text } });

/** Who is meant. */
const meant: readonly AskerRow[] = [
  row('the repository, in the environment', 'in'),
  row('the repository, in the environment of plans', 'in', plan, 'ci-plan'),
  row('the same with a subject of names, where names are agreed', 'in', { ids: false }, 'ci-apply', named),
  row('a subject of ids, where both are agreed', 'in', {}, 'ci-apply', both),
  row('a subject of names, where both are agreed', 'in', { ids: false }, 'ci-apply', both),
  row("a reusable workflow of another repository, in a job of ours: GitHub's environment is the gate", 'in', {
    claims: { job_workflow_ref: 'other/shared/.github/workflows/apply.yml@refs/heads/main' },
  }),
  row('a pull request in the environment: its protection rules in GitHub are the gate', 'in', {
    claims: { event_name: 'pull_request', ref: 'refs/pull/7/merge' },
  }),
];

const otherRepositories: readonly AskerRow[] = [
  row('a subject of names, where ids are agreed', 'out', { ids: false }),
  row('a subject of ids, where names are agreed', 'out', {}, 'ci-apply', named),
  row('a fork', 'out', { owner: 'mallory', ownerId: '6666', repositoryId: '7777' }),
  row('a fork that claims our repository id', 'out', { owner: 'mallory', ownerId: '6666' }),
  row('another organisation, the same repository name', 'out', { owner: 'acme-inc', ownerId: '1002' }),
  row('another repository of the organisation', 'out', { repository: 'website', repositoryId: '2003' }),
  row('a repository whose name begins as ours', 'out', {
    repository: 'infrastructure-2',
    repositoryId: '2004',
  }),
  row('our name, taken over by somebody: ids', 'out', { ownerId: '6666', repositoryId: '7777' }),
  row(
    'our name, taken over by somebody: names',
    'out',
    { ids: false, repositoryId: '7777' },
    'ci-apply',
    named,
  ),
  row(
    'our name, taken over by somebody: both',
    'out',
    { ids: false, repositoryId: '7777' },
    'ci-apply',
    both,
  ),
  row('the name in another case', 'out', { owner: 'Acme' }),
  row(
    'the name in another case, where names are agreed',
    'out',
    { owner: 'ACME', ids: false },
    'ci-apply',
    named,
  ),
  row('a reusable workflow of ours, in a job of another repository', 'out', {
    repository: 'website',
    repositoryId: '2003',
    claims: { job_workflow_ref: 'acme/infrastructure/.github/workflows/apply.yml@refs/heads/main' },
  }),
  row('no repository id', 'out', { claims: { repository_id: null } }),
  row('the repository id with a zero before it', 'out', { claims: { repository_id: '02002' } }),
  row('the id of the owner for that of the repository', 'out', { claims: { repository_id: '1001' } }),
];

const otherContexts: readonly AskerRow[] = [
  row('the main branch without an environment', 'out', { context: 'ref:refs/heads/main' }),
  row('another branch', 'out', { context: 'ref:refs/heads/feature' }),
  row('a branch that is called environment:dev', 'out', { context: 'ref:refs/heads/environment:dev' }),
  row('a tag', 'out', { context: 'ref:refs/tags/v1.0.0' }),
  row('a pull request', 'out', { context: 'pull_request' }),
  row('the environment of another', 'out', { context: 'environment:prod' }),
  row('an environment that begins as ours', 'out', { context: 'environment:dev2' }),
  row('an environment that ours begins with', 'out', { context: 'environment:de' }),
  row('an environment that ends as ours', 'out', { context: 'environment:not-dev' }),
  row('the environment in another case', 'out', { context: 'environment:Dev' }),
  row('an environment that is a star', 'out', { context: 'environment:*' }),
  row('no environment name', 'out', { context: 'environment:' }),
  row('the token of plans, at apply', 'out', plan),
  row('the token of applies, at plan', 'out', {}, 'ci-plan'),
  row('the main branch, at plan', 'out', { context: 'ref:refs/heads/main' }, 'ci-plan'),
  row('a pull request, at plan', 'out', { context: 'pull_request' }, 'ci-plan'),
  row('more after the environment', 'out', { context: 'environment:dev:ref:refs/heads/main' }),
];

const otherTokens: readonly AskerRow[] = [
  row('a subject that is a pattern of the organisation', 'out', sub('repo:acme@1001/*')),
  row('a subject that is a pattern of everything', 'out', sub('*')),
  row('a subject of its own making, without the repository', 'out', sub('environment:dev')),
  row('no subject', 'out', { claims: { sub: null } }),
  row('no audience', 'out', { aud: null }),
  row('the audience that GitHub gives unasked', 'out', { aud: 'https://github.com/acme' }),
  row('the audience in another case', 'out', { aud: 'STS.amazonaws.com' }),
  row('the audience of another partition', 'out', { aud: 'sts.amazonaws.com.cn' }),
  row('several audiences, none of them ours', 'out', { aud: ['a', 'b'] }),
  row('several audiences, ours among them', 'undocumented', { aud: ['sts.amazonaws.com', 'b'] }),
  row('several audiences, ours among them, another repository', 'out', {
    aud: ['sts.amazonaws.com', 'b'],
    repository: 'website',
    repositoryId: '2003',
  }),
  row('an own server of GitHub', 'out', { iss: 'https://github.example.com/_services/token' }),
  row('the issuer of one enterprise', 'out', { iss: `https://${HUB}/acme` }),
  row('the issuer with a slash', 'out', { iss: `https://${HUB}/` }),
  row('the issuer without TLS', 'out', { iss: `http://${HUB}` }),
  row('a token of GitLab that says what ours says', 'out', {
    iss: `https://${LAB}`,
    aud: 'https://acme.example/terraform',
  }),
  row('at the role for people', 'out', {}, 'operator'),
  row('at the dormant role for automation', 'out', {}, 'automation'),
  row('at break-glass', 'out', {}, 'break-glass'),
];

export const githubRows: readonly AskerRow[] = [
  ...meant,
  ...otherRepositories,
  ...otherContexts,
  ...otherTokens,
];
