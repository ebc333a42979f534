/** `verify` and `prove` on the command line. */
import { GovbootError } from '../kernel/errors.ts';
import type { CommandOptions } from './command.ts';
import { option, spec, type CommandSpec } from './command-spec.ts';
import { PLACE_OPTIONS, placeAsked } from './evidence-commands.ts';
import { nameOf, text, type Raw } from './values.ts';

const VERIFY_COMMAND: CommandSpec = spec<'verify'>({
  name: 'verify',
  args: '[environment]',
  summary: 'check the evidence of an environment, offline',
  details:
    'Answers each question for itself: integrity, authenticity, time, revocation, chain, policy, separation of duties, origin, extras. Says what it could not decide, and ends with the worst answer: 0, 9 (not decided) or 8 (invalid). With --from no repository is needed: keys are those of the evidence, and only pins of this machine make it more than self-consistent.',
  options: [
    option(
      '--from <path>',
      'evidence that was handed over: a folder of one environment, a .tar or .tar.gz of it; or a store: s3://BUCKET, or a folder that was pushed to',
    ),
    option('--anchor <file>', 'a checkpoint that was kept elsewhere: shows a cut tail or a rewritten ledger'),
    option(
      '--tsa <file>',
      'PEM of the certificates whose time stamps are believed: of authorities, or of their roots',
    ),
    option('--attestor <file>', 'PEM of the public keys whose attestations are believed'),
    option('--proof <file>', 'a document of `govboot prove`, which is judged alone'),
    option('--store [place]', "ask a store too: the environment's own, or a folder, or s3://BUCKET"),
    ...PLACE_OPTIONS,
    option('--rehearse', 'the evidence of rehearsals'),
  ],
  examples: [
    'govboot verify dev',
    'govboot verify dev --anchor /media/safe/checkpoint',
    'govboot verify --from dev.tgz',
    'govboot verify dev --from s3://acme-dev-evidence --account 111111111111',
    'govboot verify --proof ../dev-3.json --anchor /media/safe/checkpoint',
    'govboot verify dev --tsa ../tsa.pem',
    'govboot verify dev --store',
    'govboot verify dev --json',
  ],
  read: verifyOf,
});

/** In the order of the sequence. */
export const VERIFY_COMMANDS: readonly CommandSpec[] = [
  VERIFY_COMMAND,
  spec<'prove'>({
    name: 'prove',
    args: '<environment>',
    summary: 'prove that an entry is in the ledger, or that it only grew',
    details:
      'Writes one document for somebody who has nothing else of the evidence: `govboot verify --proof FILE` judges it, and docs/verify-by-hand.md shows how sha256sum does. The evidence is verified first, and nothing is proven by what is not valid.',
    options: [
      option('--entry <number>', 'that this entry is in the ledger'),
      option('--since <file>', 'that nothing was changed since this checkpoint was kept'),
      option('--out <file>', 'write it, outside of the repository; never overwrites'),
      option('--rehearse', 'of the rehearsals'),
    ],
    examples: [
      'govboot prove dev --entry 3 --out ../dev-3.json',
      'govboot prove dev --since /media/safe/checkpoint',
    ],
    read: proveOf,
  }),
];

function verifyOf(environment: string | undefined, o: Raw): CommandOptions['verify'] {
  const [from, proof] = [text(o['from']), text(o['proof'])];
  const [tsa, attestor] = [text(o['tsa']), text(o['attestor'])];
  const hint = 'run `govboot verify --help`';
  if (from !== null && proof !== null)
    throw new GovbootError('USAGE', 'verify takes --from or --proof, not both', { hint });
  const isBucket = from?.startsWith('s3://') === true;
  if (isBucket && (o['store'] !== undefined || environment === undefined))
    throw new GovbootError(
      'USAGE',
      'verify --from s3://BUCKET wants the environment, and no --store besides',
      { hint },
    );
  if (proof !== null && (tsa !== null || attestor !== null))
    throw new GovbootError('USAGE', 'a proof holds no time stamp and no attestation', { hint });
  if (environment === undefined && from === null && proof === null)
    throw new GovbootError('USAGE', "missing required argument 'environment'", { hint });
  return {
    environment: environment === undefined ? null : nameOf(environment),
    ...{ from, proof },
    anchor: text(o['anchor']),
    ...(tsa === null ? {} : { tsa }),
    ...(attestor === null ? {} : { attestor }),
    ...(isBucket ? { store: placeAsked('from', o) } : {}),
    ...(o['store'] === undefined ? {} : { store: placeAsked('store', o) }),
    rehearse: o['rehearse'] === true,
  };
}

function proveOf(environment: string | undefined, o: Raw): CommandOptions['prove'] {
  const [entry, since] = [text(o['entry']), text(o['since'])];
  const hint = 'run `govboot prove --help`';
  if (entry === null && since === null)
    throw new GovbootError('USAGE', 'prove wants --entry, --since, or both', { hint });
  if (entry !== null && !/^(?:0|[1-9][0-9]{0,7})$/.test(entry))
    throw new GovbootError('USAGE', `--entry is "${entry}", which is no number of an entry`, { hint });
  return {
    environment: nameOf(environment),
    entry: entry === null ? null : Number(entry),
    since,
    out: text(o['out']),
    rehearse: o['rehearse'] === true,
  };
}
