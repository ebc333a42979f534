/** Somebody who asks for a role, and the answer that the trust policies must give. */
import type { Blueprint, RoleName } from '../../../src/plan/blueprint.ts';
import { exampleBlueprint } from '../blueprint.ts';
import type { Asker, Entry, Keys } from '../trust-judge.ts';

export interface AskerRow {
  readonly from: 'GitHub' | 'GitLab' | 'AWS';
  readonly what: string;
  readonly role: RoleName;
  /** The blueprint whose policies are asked. */
  readonly b: Blueprint;
  readonly asker: Asker;
  readonly answer: Entry['is'];
}

export const HUB = 'token.actions.githubusercontent.com';
export const LAB = 'gitlab.com';

const example = exampleBlueprint();
const hub = example.federation.github;
if (hub === null) throw new TypeError('the example has no GitHub');

/** The example with both forges, and each form of GitHub's subject. */
export const withSubject = (subject: 'immutable' | 'name' | 'both'): Blueprint =>
  exampleBlueprint({
    federation: {
      github: { ...hub, subject },
      gitlab: {
        host: LAB,
        projectPath: 'acme/platform/infrastructure',
        audience: 'https://acme.example/terraform',
        ref: 'env/dev',
      },
    },
  });

/** What GitHub puts into a token (GitHub documentation, "OpenID Connect reference"). */
export interface Job {
  readonly owner: string;
  readonly ownerId: string;
  readonly repository: string;
  readonly repositoryId: string;
  /** Whether the subject carries the ids: repositories made since July 2026, and those that asked for it. */
  readonly ids: boolean;
  /** The end of the subject: `environment:dev`, `ref:refs/heads/main`, `pull_request`. */
  readonly context: string;
  readonly aud: string | readonly string[] | null;
  readonly iss: string;
  /** Claims beside those above; null takes one away. */
  readonly claims: Readonly<Record<string, string | null>>;
}

const JOB: Job = {
  owner: 'acme',
  ownerId: '1001',
  repository: 'infrastructure',
  repositoryId: '2002',
  ids: true,
  context: 'environment:dev',
  aud: 'sts.amazonaws.com',
  iss: `https://${HUB}`,
  claims: {},
};

/** The job that ci-apply is for, with something else about it. */
export function job(other: Partial<Job> = {}): Asker {
  const j = { ...JOB, ...other };
  const name = j.ids
    ? `${j.owner}@${j.ownerId}/${j.repository}@${j.repositoryId}`
    : `${j.owner}/${j.repository}`;
  return token(j.iss, {
    sub: `repo:${name}:${j.context}`,
    aud: j.aud,
    repository: `${j.owner}/${j.repository}`,
    repository_id: j.repositoryId,
    ...j.claims,
  });
}

/** A claim that is null is not in the token. */
export function token(
  iss: string,
  claims: Readonly<Record<string, string | readonly string[] | null>>,
): Asker {
  const present: Keys = Object.fromEntries(
    Object.entries(claims).filter(
      (claim): claim is [string, string | readonly string[]] => claim[1] !== null,
    ),
  );
  return { is: 'token', iss, claims: present };
}
