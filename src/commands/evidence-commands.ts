/** The commands that keep evidence elsewhere, as data. */
import type { AskedPlace } from '../street/vault-place.ts';
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
];
