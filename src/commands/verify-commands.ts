/** `verify` on the command line. */
import { GovbootError } from '../kernel/errors.ts';
import type { CommandOptions } from './command.ts';
import { option, spec, type CommandSpec } from './command-spec.ts';
import { nameOf, text, type Raw } from './values.ts';

export const VERIFY_COMMAND: CommandSpec = spec<'verify'>({
  name: 'verify',
  args: '[environment]',
  summary: 'check the evidence of an environment, offline',
  details:
    'Answers each question for itself: integrity, authenticity, time, revocation, chain, policy, separation of duties, origin, extras. Says what it could not decide, and ends with the worst answer: 0, 9 (not decided) or 8 (invalid). With --from no repository is needed: keys are those of the evidence, and only pins of this machine make it more than self-consistent.',
  options: [
    option(
      '--from <path>',
      'evidence that was handed over: a folder of one environment, or a .tar or .tar.gz of it',
    ),
    option('--anchor <file>', 'a checkpoint that was kept elsewhere: shows a cut tail or a rewritten ledger'),
    option('--rehearse', 'the evidence of rehearsals'),
  ],
  examples: [
    'govboot verify dev',
    'govboot verify dev --anchor /media/safe/checkpoint',
    'govboot verify --from dev.tgz',
    'govboot verify dev --json',
  ],
  read: verifyOf,
});

function verifyOf(environment: string | undefined, o: Raw): CommandOptions['verify'] {
  const from = text(o['from']);
  if (environment === undefined && from === null)
    throw new GovbootError('USAGE', "missing required argument 'environment'", {
      hint: 'run `govboot verify --help`',
    });
  return {
    environment: environment === undefined ? null : nameOf(environment),
    from,
    anchor: text(o['anchor']),
    rehearse: o['rehearse'] === true,
  };
}
