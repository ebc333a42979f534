/** The command line as data: every command, option and example. `src/cli.ts` makes a parser of it, and the documents their tables. */
import { option, repeated, spec, type CommandSpec } from './command-spec.ts';
import { COMPLETION_COMMAND } from './completion-command.ts';
import { DRIFT_COMMAND } from './drift-command.ts';
import { INIT_COMMAND } from './init-command.ts';
import { EVIDENCE_COMMANDS } from './evidence-commands.ts';
import { INTENT_COMMANDS } from './intent-commands.ts';
import { LOOK_COMMANDS } from './look-commands.ts';
import { TRUST_COMMANDS } from './trust-commands.ts';
import { checkOf, intentOf, list, nameOf, text } from './values.ts';
import { VERIFY_COMMANDS } from './verify-commands.ts';

export type { CommandSpec, OptionSpec } from './command-spec.ts';

/** Commands of two words, by their first. */
export const GROUPS = {
  trust: 'pin, show, sign and change who is trusted',
  intent: 'write, sign and check intents',
  evidence: 'keep the evidence elsewhere, have others vouch for it',
  backend: 'the backend file for Terraform and OpenTofu',
} as const;

const INTENT = option('--intent <file>', 'the intent (default: intents/<environment>.yaml)');

/** In the order of the sequence. */
export const COMMANDS: readonly CommandSpec[] = [
  INIT_COMMAND,
  ...TRUST_COMMANDS,
  ...INTENT_COMMANDS,
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
  ...VERIFY_COMMANDS,
  ...EVIDENCE_COMMANDS,
  DRIFT_COMMAND,
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
  ...LOOK_COMMANDS,
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
 10  govboot drift            is the live backend still as its lock says?
`;
