/** The commands of `govboot intent`. */
import { INTENT_ACTIONS, type IntentAction } from '../inputs/intent-action.ts';
import { option, spec, type CommandSpec } from './command-spec.ts';
import { nameOf, text } from './values.ts';

export const INTENT_COMMANDS: readonly CommandSpec[] = [
  spec<'intent new'>({
    name: 'intent new',
    args: '[environment]',
    summary: 'write an intent for the signed tag at HEAD',
    details:
      'At a terminal, without environment, reason or ticket, it asks for all that no option says, shows the file, and asks whether to write it. Elsewhere these three must be given.',
    options: [
      option('--reason <text>', 'why it is done'),
      option('--ticket <id>', 'where it was decided'),
      option('--tag <name>', 'signed tag at HEAD (default: the one that is there)'),
      option('--region <region>', 'region (default: the first one of the policy)'),
      option('--requester <fingerprint>', 'who asks (default: the signing key)'),
      option('--hours <n>', 'length of the window (default: 24, or the most that the policy allows)'),
      option('--action <action>', 'what is to be done (default: create)', {
        choices: [...INTENT_ACTIONS],
      }),
      option('--endpoint <url>', "an endpoint other than the provider's own"),
      option('--out <file>', 'file to write (default: intents/<environment>.yaml)'),
      option('--rehearse', 'supersede or correct the lock of the rehearsals'),
    ],
    examples: [
      'govboot intent new',
      'govboot intent new dev --reason "first bootstrap" --ticket OPS-1',
      'govboot intent new prod --action supersede --reason "sizing" --ticket OPS-7',
      'govboot intent new prod --action correct --reason "drift" --ticket OPS-8',
    ],
    read: (environment, o) => ({
      environment: environment === undefined ? null : nameOf(environment),
      reason: text(o['reason']),
      ticket: text(o['ticket']),
      tag: text(o['tag']),
      region: text(o['region']),
      requester: text(o['requester']),
      hours: text(o['hours']),
      action: text(o['action']) as IntentAction | null,
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
];
