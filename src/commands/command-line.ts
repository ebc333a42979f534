/** The command line as data: every command, option and example. `src/cli.ts` makes a parser of it, and the documents their tables. */
import { INTENT_ACTIONS, type IntentAction } from '../inputs/intent-action.ts';
import { FINGERPRINT, option, repeated, spec, type CommandSpec } from './command-spec.ts';
import { COMPLETION_COMMAND } from './completion-command.ts';
import { TRUST_COMMANDS } from './trust-commands.ts';
import { checkOf, intentOf, list, nameOf, text } from './values.ts';

export type { CommandSpec, OptionSpec } from './command-spec.ts';

/** Commands of two words, by their first. */
export const GROUPS = {
  trust: 'pin, show, sign and change who is trusted',
  intent: 'write, sign and check intents',
  backend: 'the backend file for Terraform and OpenTofu',
} as const;

const INTENT = option('--intent <file>', 'the intent (default: intents/<environment>.yaml)');

/** In the order of the sequence. */
export const COMMANDS: readonly CommandSpec[] = [
  spec<'init'>({
    name: 'init',
    args: '[dir]',
    summary: 'scaffold policies, templates and an example intent; never overwrites',
    details: 'What no option says is asked for, where somebody is at the terminal.',
    options: [
      option('--organisation <name>', 'short name, used in the names of resources'),
      repeated('--environment <name=account:region>', 'an environment'),
      repeated('--root <fingerprint>', 'a root key'),
      repeated(
        '--person <name=fingerprint:roles>',
        'a person, with roles of release, intent, approver, evidence, break-glass',
      ),
      repeated('--key-file <file>', 'a public key, to be copied into policies/keys'),
      option('--locking <mode>', 'how Terraform locks the state', {
        choices: ['table', 'lockfile', 'both'],
        initial: 'both',
      }),
      option(
        '--github <owner/repository>',
        'repository whose workflows may plan and apply (needs --github-ids)',
      ),
      option('--github-ids <owner:repository>', 'numeric ids of that owner and that repository'),
    ],
    examples: [
      'govboot init',
      `govboot init infra --organisation acme \\\n      --environment dev=111111111111:eu-central-1 \\\n      --root ${FINGERPRINT} \\\n      --person "Alice=${FINGERPRINT}:release,intent" \\\n      --key-file alice.asc`,
    ],
    read: (dir, o) => ({
      dir: dir ?? '.',
      organisation: text(o['organisation']),
      environments: list(o['environment']),
      roots: list(o['root']),
      people: list(o['person']),
      keyFiles: list(o['keyFile']),
      locking: o['locking'] as 'table' | 'lockfile' | 'both',
      github: text(o['github']),
      githubIds: text(o['githubIds']),
    }),
  }),
  ...TRUST_COMMANDS,
  spec<'intent new'>({
    name: 'intent new',
    args: '<environment>',
    summary: 'write an intent for the signed tag at HEAD',
    options: [
      option('--reason <text>', 'why it is done'),
      option('--ticket <id>', 'where it was decided'),
      option('--tag <name>', 'signed tag at HEAD (default: the one that is there)'),
      option('--region <region>', 'region (default: the first one of the policy)'),
      option('--requester <fingerprint>', 'who asks (default: the signing key)'),
      option('--hours <n>', 'length of the window', { initial: '24' }),
      option('--action <action>', 'what is to be done', {
        choices: [...INTENT_ACTIONS],
        initial: 'create',
      }),
      option('--endpoint <url>', "an endpoint other than the provider's own"),
      option('--out <file>', 'file to write (default: intents/<environment>.yaml)'),
      option('--rehearse', 'supersede or correct the lock of the rehearsals'),
    ],
    examples: [
      'govboot intent new dev --reason "first bootstrap" --ticket OPS-1',
      'govboot intent new prod --action supersede --reason "sizing" --ticket OPS-7',
      'govboot intent new prod --action correct --reason "drift" --ticket OPS-8',
    ],
    read: (environment, o) => ({
      environment: nameOf(environment),
      reason: text(o['reason']),
      ticket: text(o['ticket']),
      tag: text(o['tag']),
      region: text(o['region']),
      requester: text(o['requester']),
      hours: String(o['hours']),
      action: o['action'] as IntentAction,
      endpoint: text(o['endpoint']),
      out: text(o['out']),
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'intent sign'>({
    name: 'intent sign',
    args: '<file>',
    summary: 'sign an intent (--key); the signature lies beside it',
    options: [],
    examples: ['govboot intent sign intents/dev.yaml --key alice.key'],
    read: (file = '') => ({ file }),
  }),
  spec<'intent check'>({
    name: 'intent check',
    args: '<file>',
    summary: 'judge an intent and its signatures, without a cloud',
    options: [],
    examples: ['govboot intent check intents/dev.yaml'],
    read: (file = '') => ({ file }),
  }),
  spec<'check'>({
    name: 'check',
    args: '[environment]',
    summary: 'judge all gates; read-only',
    details: 'With --explain nothing is judged, and no environment and no repository is needed.',
    options: [
      INTENT,
      option('--rehearse', 'against the rehearsal cloud'),
      option('--explain <code>', 'say what a code means, why it matters and what to do'),
    ],
    examples: [
      'govboot check dev',
      'govboot check dev --intent intents/dev-2.yaml --json',
      'govboot check --explain PARITY_SHARED',
    ],
    read: checkOf,
  }),
  spec<'plan'>({
    name: 'plan',
    args: '<environment>',
    summary: 'judge all gates and show what apply would do; read-only',
    details:
      'With --out it also writes the plan, to be approved where no terminal can exist: that plan names who signs the evidence (--key), and ends after --hours or with the intent.',
    options: [
      INTENT,
      option(
        '--out <file>',
        'write the plan, for `govboot approve`; outside of the repository, or in intents/',
      ),
      option('--hours <n>', 'how long it can be approved and applied, with --out (default: 8, at most 72)'),
      option('--resume', 'for a run that was cut off'),
      option('--rehearse', 'against the rehearsal cloud'),
    ],
    examples: [
      'govboot plan dev',
      'govboot plan dev --json',
      'govboot plan dev --out ../dev-plan.json --key alice.key',
    ],
    read: (environment, o) => ({
      ...intentOf(environment, o),
      resume: o['resume'] === true,
      out: text(o['out']),
      hours: text(o['hours']),
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'approve'>({
    name: 'approve',
    args: '<plan>',
    summary: 'show a plan that was written with --out, ask, and sign it',
    details:
      "On the approver's own machine, in their own clone: judges source, intent and parity there, shows the plan, and asks on the terminal itself for the token of that plan, and then for the word APPROVE. No option, variable or pipe answers instead. The signature lies beside the plan.",
    options: [option('--rehearse', 'a plan of a rehearsal')],
    examples: ['govboot approve ../dev-plan.json --key bob.key'],
    read: (file = '', o) => ({ file, rehearse: o['rehearse'] === true }),
  }),
  spec<'apply'>({
    name: 'apply',
    args: '<environment>',
    summary: 'judge, plan, ask, create the backend and leave signed evidence',
    details:
      'Shows the plan and asks on the terminal itself for the token of that plan, and then for the word APPLY. No option, variable or pipe answers instead. Where no terminal can exist, signatures of people of role approver over that very plan do (--approval). What is there already is kept, so it may be run again at any time.',
    options: [
      INTENT,
      repeated('--approval <file>', 'a signature of `govboot approve`, beside its plan; used once'),
      option('--resume', 'finish a run that was cut off'),
      option('--rehearse', 'everything is real but the cloud; every record says REHEARSAL'),
    ],
    examples: [
      'govboot apply dev --key alice.key',
      'govboot apply dev --rehearse',
      'govboot apply dev --resume',
      'govboot apply dev --approval ../dev-plan.json.FINGERPRINT.asc',
    ],
    read: (environment, o) => ({
      ...intentOf(environment, o),
      resume: o['resume'] === true,
      approvals: list(o['approval']),
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'verify'>({
    name: 'verify',
    args: '<environment>',
    summary: 'check the evidence of an environment, offline',
    options: [
      option(
        '--anchor <file>',
        'a checkpoint that was kept elsewhere: shows a cut tail or a rewritten ledger',
      ),
      option('--rehearse', 'the evidence of rehearsals'),
    ],
    examples: [
      'govboot verify dev',
      'govboot verify dev --anchor /media/safe/checkpoint',
      'govboot verify dev --json',
    ],
    read: (environment, o) => ({
      environment: nameOf(environment),
      anchor: text(o['anchor']),
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'backend render'>({
    name: 'backend render',
    args: '<environment>',
    summary: 'render backend.tf or backend.hcl from what the lock says',
    options: [
      option('--format <format>', 'which of the two', { choices: ['tf', 'hcl'], initial: 'tf' }),
      option('--out <dir>', 'write both into a folder; never overwrites'),
      option('--rehearse', 'from the evidence of rehearsals'),
    ],
    examples: [
      'govboot backend render dev > backend.tf',
      'govboot backend render dev --format hcl',
      'govboot backend render dev --out terraform',
    ],
    read: (environment, o) => ({
      environment: nameOf(environment),
      format: o['format'] as 'tf' | 'hcl',
      out: text(o['out']),
      rehearse: o['rehearse'] === true,
    }),
  }),
  COMPLETION_COMMAND,
];

/** What is done in which order, for one environment; at most 80 columns wide. */
export const SEQUENCE = `The sequence, for one environment:
  1  govboot init             scaffold the policies; read and adapt them
  2  govboot trust sign       with the root keys
  3  git commit, git tag -s   release what is to be used, under a signed tag
  4  govboot trust pin        on every operator's machine, from paper
  5  govboot intent new       what, where, why and until when; then intent sign
  6  govboot check, plan      judge and show; read-only, also in CI
  7  govboot apply            confirm at the terminal, create, leave evidence;
     without a terminal       plan --out, approve, then apply --approval
  8  govboot verify           check the evidence, now and in ten years
  9  govboot backend render   the backend file for Terraform and OpenTofu
`;
