/** An intent as text: YAML that explains itself. Pure. */
import type { Intent } from '../inputs/intent.ts';

/** YAML with one comment a field: what a person signs, a person must understand. Strings are JSON strings, which YAML 1.2 reads alike. */
export function intentText(intent: Intent): string {
  const lines: readonly (readonly [keyof Intent, string])[] = [
    ['schema', 'format of this document'],
    ['repository', "the repository that is pinned on the operator's machine"],
    ['environment', 'the one environment this holds for'],
    ['provider', 'where the backend is made'],
    ['account', 'the account of the environment; whoever applies must be in it'],
    ['region', 'one of the regions that the policy allows'],
    [
      'action',
      'create: a new backend; adopt: one that is there; supersede: change a locked one; correct: bring it back to its lock',
    ],
    ['tag', 'the signed tag'],
    ['commit', 'what the tag points at, so that it cannot be moved'],
    ['tree_sha256', 'SHA-256 over the tagged files, independent of git'],
    ['reason', 'why it is done'],
    ['ticket', 'where it was decided'],
    ['requester', 'who asks; never one of the approvers'],
    ['not_before', 'the window begins'],
    ['expires', 'the window ends; signatures and apply must be in it'],
    ['nonce', 'used once'],
    ['supersedes', 'SHA-256 of the lock that is superseded or corrected'],
    ['endpoint', "null: the provider's own endpoints"],
  ];
  const body = lines.map(([key, comment]) => `# ${comment}\n${key}: ${JSON.stringify(intent[key])}\n`);
  return `# An intent: one person's wish to bootstrap one environment once. Sign it with \`govboot intent sign\`.\n${body.join('')}`;
}
