/** The commands about the evidence itself: kept elsewhere, and vouched for by others. */
import { GovbootError } from '../kernel/errors.ts';
import type { AskedPlace } from '../street/vault-place.ts';
import type { CommandOptions } from './command.ts';
import { option, repeated, spec, type CommandSpec } from './command-spec.ts';
import { list, nameOf, text, type Raw } from './values.ts';

/** What is said of a bucket besides its name. */
export const PLACE_OPTIONS = [
  option('--endpoint <url>', 'of a store that speaks S3 and is not AWS'),
  option('--region <region>', "of the bucket, where it is not the environment's"),
  option('--account <id>', "that must own the bucket, where it is not the environment's"),
] as const;

/** @param name the option that names the place */
export function placeAsked(name: 'store' | 'to' | 'from', o: Raw): AskedPlace {
  return {
    place: text(o[name]),
    endpoint: text(o['endpoint']),
    region: text(o['region']),
    account: text(o['account']),
  };
}

const REHEARSE = option('--rehearse', 'of the rehearsals');

export const EVIDENCE_COMMANDS: readonly CommandSpec[] = [
  spec<'evidence push'>({
    name: 'evidence push',
    args: '<environment>',
    summary: 'store what a store of evidence lacks, read it back, and sign a receipt',
    details:
      "The evidence is verified first; what does not verify is not pushed. Nothing is ever overwritten: what is there already is compared. Without --to it goes to the environment's own store, which `apply` does by itself. The receipt tells what the store was seen to hold, by version, and until when.",
    options: [option('--to <place>', 'a folder, or s3://BUCKET'), ...PLACE_OPTIONS, REHEARSE],
    examples: [
      'govboot evidence push dev --key alice.key',
      'govboot evidence push dev --to /mnt/worm --key alice.key',
      'govboot evidence push dev --to s3://acme --endpoint https://s3.example.org',
    ],
    read: (environment, o) => ({
      environment: nameOf(environment),
      to: placeAsked('to', o),
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'evidence pull'>({
    name: 'evidence pull',
    args: '<environment>',
    summary: 'fetch the newest whole evidence of a store into an empty folder',
    details:
      'By versions: those that the receipts name (--receipt), else the first content under each name, as whatever came later only hides it. Every file is held against the seal. Then verify it.',
    options: [
      option('--to <dir>', 'an empty folder, or one that is not there yet'),
      option('--from <place>', "the store, where it is not the environment's own: a folder, or s3://BUCKET"),
      repeated('--receipt <file>', 'a receipt that was kept elsewhere'),
      ...PLACE_OPTIONS,
      REHEARSE,
    ],
    examples: [
      'govboot evidence pull dev --to ../from-the-store',
      'govboot evidence pull dev --from /mnt/worm --to ../from-the-store',
    ],
    read: (environment, o) => ({
      environment: nameOf(environment),
      from: placeAsked('from', o),
      to: text(o['to']) ?? '',
      receipts: list(o['receipt']),
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'evidence status'>({
    name: 'evidence status',
    args: '<environment>',
    summary: 'show what a store holds, what it lacks, and whether it holds it still',
    details:
      'Asks the store, and writes nothing. Ends with 8 when something is not as the receipts say, with 9 when something is not stored yet or has no receipt, and with 0 otherwise. `govboot verify --store` reads every object besides.',
    options: [
      option('--store <place>', "where it is not the environment's own: a folder, or s3://BUCKET"),
      ...PLACE_OPTIONS,
      REHEARSE,
    ],
    examples: ['govboot evidence status dev', 'govboot evidence status dev --store /mnt/worm --json'],
    read: (environment, o) => ({
      environment: nameOf(environment),
      store: placeAsked('store', o),
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'evidence stamp'>({
    name: 'evidence stamp',
    args: '<environment>',
    summary: 'write the request for a time stamp over the ledger (RFC 3161)',
    details:
      'It is over the checkpoint, and so over every entry. Nothing is sent: take the file to a time-stamping authority, and attach what it answers.',
    options: [option('--out <file>', 'write it, outside of the repository; never overwrites'), REHEARSE],
    examples: ['govboot evidence stamp dev --out ../dev.tsq'],
    read: (environment, o) => ({
      environment: nameOf(environment),
      out: needed('evidence stamp', 'out', o),
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'evidence statement'>({
    name: 'evidence statement',
    args: '<environment>',
    summary: 'write an in-toto statement about the ledger, for others to sign (DSSE)',
    details:
      'It names the checkpoint and the lock by their digests. A tool that makes DSSE envelopes takes it as it is; with --pae it is written as it is signed, for a signer that makes nothing but signatures. Attach what comes back.',
    options: [
      option('--out <file>', 'write it, outside of the repository; never overwrites'),
      option('--pae', 'in the pre-authentication encoding, which is what is signed'),
      REHEARSE,
    ],
    examples: [
      'govboot evidence statement dev --out ../dev.statement.json',
      'govboot evidence statement dev --pae --out ../dev.pae',
    ],
    read: (environment, o) => ({
      environment: nameOf(environment),
      out: text(o['out']),
      pae: o['pae'] === true,
      rehearse: o['rehearse'] === true,
    }),
  }),
  spec<'evidence attach'>({
    name: 'evidence attach',
    args: '<environment> <file>',
    summary: 'check a time stamp or an attestation, and put it on record',
    details:
      'What is attached is a blob that a signed entry of the ledger names; `govboot verify` judges it from then on. It must hold, be over this ledger, and be by an authority or a key that is named here: nothing goes on record that vouches for nothing.',
    options: [
      option('--tsa <file>', 'it is a time stamp: PEM of the certificate of its authority, or of their root'),
      option('--request <file>', 'the request that it answers; its nonce must be the same'),
      option(
        '--attestor <file>',
        'it is a DSSE envelope, or a bare signature: PEM of the public key that made it',
      ),
      REHEARSE,
    ],
    examples: [
      'govboot evidence attach dev ../dev.tsr --tsa ../tsa.pem',
      'govboot evidence attach dev ../dev.dsse.json --attestor ../ci.pub',
    ],
    read: (environment, o, file) => ({
      environment: nameOf(environment),
      file: file ?? '',
      by: witnessOf(o),
      rehearse: o['rehearse'] === true,
    }),
  }),
];

function needed(command: string, name: string, o: Raw): string {
  const value = text(o[name]);
  if (value !== null) return value;
  throw new GovbootError('USAGE', `${command} wants --${name}`, {
    hint: `run \`govboot ${command} --help\``,
  });
}

function witnessOf(o: Raw): CommandOptions['evidence attach']['by'] {
  const [tsa, attestor, request] = [text(o['tsa']), text(o['attestor']), text(o['request'])];
  if (tsa !== null && attestor === null) return { is: 'authority', tsa, request };
  if (attestor !== null && tsa === null && request === null) return { is: 'attestor', attestor };
  throw new GovbootError(
    'USAGE',
    'evidence attach wants --tsa, with or without --request, or else --attestor',
    {
      hint: 'run `govboot evidence attach --help`',
    },
  );
}
