/** The command line of `govboot init`. */
import { FINGERPRINT, option, repeated, spec, type CommandSpec } from './command-spec.ts';
import { list, text } from './values.ts';

export const INIT_COMMAND: CommandSpec = spec<'init'>({
  name: 'init',
  args: '[dir]',
  summary: 'scaffold policies, list of people, templates and a README; never overwrites',
  details:
    'Where somebody is at the terminal, what is missing is asked for: organisation, environments, people, root keys, and then all the rest. Everything is judged by the gates before it is written. Keys that no --key-file holds are taken from gpg.',
  options: [
    option('--organisation <name>', 'short name, used in the names of resources'),
    repeated('--environment <name=account:region>', 'an environment; further regions behind commas'),
    repeated('--root <fingerprint>', 'a root key'),
    option('--root-threshold <n>', 'how many root keys must sign the list of people (default: 1)'),
    repeated(
      '--person <name=fingerprint:roles>',
      'a person, with roles of release, intent, approver, evidence, break-glass',
    ),
    option('--approvals <n>', 'how many people must approve an intent (default: 0)'),
    repeated('--key-file <file>', 'a public key, to be copied into policies/keys'),
    option('--locking <mode>', 'how Terraform locks the state (default: both)', {
      choices: ['table', 'lockfile', 'both'],
    }),
    option(
      '--github <owner/repository>',
      'repository whose workflows may plan and apply (needs --github-ids)',
    ),
    option('--github-ids <owner:repository>', 'numeric ids of that owner and that repository'),
    option(
      '--from-backend <file>',
      'take the names of a backend that is there: a .tf file, a folder of them, or a -backend-config file',
    ),
    option('--gitlab <project>', 'project whose pipelines may plan and apply: [HOST/]GROUP/PROJECT'),
    option(
      '--evidence-store <days>',
      'a bucket for the evidence, which nobody can delete from for so many days; cannot be undone (default: none)',
    ),
  ],
  examples: [
    'govboot init',
    'govboot init --from-backend ../terraform/backend.tf',
    `govboot init infra --organisation acme \\\n      --environment dev=111111111111:eu-central-1 \\\n      --root ${FINGERPRINT} \\\n      --person "Alice=${FINGERPRINT}:release,intent" \\\n      --key-file alice.asc`,
  ],
  read: (dir, o) => ({
    dir: dir ?? '.',
    organisation: text(o['organisation']),
    environments: list(o['environment']),
    roots: list(o['root']),
    people: list(o['person']),
    keyFiles: list(o['keyFile']),
    locking: text(o['locking']) as 'table' | 'lockfile' | 'both' | null,
    rootThreshold: text(o['rootThreshold']),
    approvers: text(o['approvals']),
    github: text(o['github']),
    githubIds: text(o['githubIds']),
    gitlab: text(o['gitlab']),
    fromBackend: text(o['fromBackend']),
    evidenceStore: text(o['evidenceStore']),
  }),
});
