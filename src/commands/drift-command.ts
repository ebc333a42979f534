/** `govboot drift` on the command line. */
import { GovbootError } from '../kernel/errors.ts';
import { option, spec, type CommandSpec } from './command-spec.ts';
import { nameOf, text } from './values.ts';

export const DRIFT_COMMAND: CommandSpec = spec<'drift'>({
  name: 'drift',
  args: '[environment]',
  summary: 'compare the live backend with its lock; changes nothing in the cloud',
  details:
    'Verifies the evidence, reads every control of the live backend, and names what is not as the lock says: drifted, missing, extra (what the lock does not know), or unreadable, which is neither gone nor unchanged. Drift is an incident: it ends with 10, and with --key it is signed into the ledger. Nothing is corrected.',
  options: [
    option('--all', 'every environment of the policy, side by side'),
    option('--profile <name>', 'of the AWS configuration; {environment} stands for each'),
    option('--watch', 'look again and again until it is stopped'),
    option('--every <seconds>', 'how long to wait, with --watch (default: 300)'),
    option('--rehearse', 'of the rehearsal cloud'),
  ],
  examples: [
    'govboot drift dev --key alice.key',
    "govboot drift --all --profile 'acme-{environment}-audit'",
    'govboot drift dev --watch --every 600 --json',
  ],
  read: (environment, o) => {
    if (environment !== undefined && o['all'] === true)
      throw new GovbootError('USAGE', `"${environment}" is named, and --all too`, {
        hint: 'leave one of them out',
      });
    const every = text(o['every']);
    if (every !== null && o['watch'] !== true)
      throw new GovbootError('USAGE', `--every is "${every}", and nothing is watched`, {
        hint: 'add --watch',
      });
    return {
      environment: environment === undefined ? null : nameOf(environment),
      all: o['all'] === true,
      watch: o['watch'] === true,
      every,
      profile: text(o['profile']),
      rehearse: o['rehearse'] === true,
    };
  },
});
