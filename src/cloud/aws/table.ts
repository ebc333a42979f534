/** The table of controls on AWS, in the order in which its resources can be made. */
import { evidenceBucket } from './evidence-bucket.ts';
import { evidenceKey } from './evidence-key.ts';
import { lockTable } from './lock-table.ts';
import { oidcGithub, oidcGitlab } from './oidc.ts';
import type { AwsControl, AwsResource } from './resource.ts';
import { roles } from './roles.ts';
import { stateBucket } from './state-bucket.ts';
import { stateKey } from './state-key.ts';

export const AWS_TABLE: readonly AwsResource[] = [
  oidcGithub,
  oidcGitlab,
  ...roles,
  stateKey,
  stateBucket,
  lockTable,
  evidenceKey,
  evidenceBucket,
];

export function resourceOf(id: string): AwsResource | undefined {
  return AWS_TABLE.find((resource) => resource.id === id);
}

export function controlOf(resource: AwsResource, id: string): AwsControl | undefined {
  return resource.controls.find((control) => control.id === id);
}
