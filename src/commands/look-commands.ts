/** The commands that only look: `doctor`, `status`, `log`, `show`. */
import { option, spec, type CommandSpec } from './command-spec.ts';
import { nameOf, text, type Raw } from './values.ts';

const REHEARSE = option('--rehearse', 'of the rehearsals');

const ofEnvironment = (name: string | undefined, o: Raw) => ({
  environment: name === undefined ? null : nameOf(name),
  rehearse: o['rehearse'] === true,
});

export const LOOK_COMMANDS: readonly CommandSpec[] = [
  spec<'doctor'>({
    name: 'doctor',
    args: '[environment]',
    summary: 'say what is missing or wrong here, and what mends it; read-only',
    details:
      'Looks at this machine, this repository, and, for one environment, the cloud, and needs none of them to be in order. Ends with 2 when something is wrong, and with 0 otherwise; warnings, and what was not looked at, are told.',
    options: [option('--offline', 'ask no cloud')],
    examples: ['govboot doctor', 'govboot doctor dev', 'govboot doctor --offline --json'],
    read: (environment, o) => ({
      environment: environment === undefined ? null : nameOf(environment),
      offline: o['offline'] === true,
    }),
  }),
  spec<'status'>({
    name: 'status',
    args: '[environment]',
    summary: 'show where this repository and its environments stand, and the next command',
    details:
      'Offline: no cloud is asked, and nothing is written. The evidence is verified each time. Ends with 0 however things stand: `check` and `verify` are what judges.',
    options: [REHEARSE],
    examples: ['govboot status', 'govboot status dev --json'],
    read: ofEnvironment,
  }),
  spec<'log'>({
    name: 'log',
    args: '[environment]',
    summary: 'show the ledger as a history, newest last',
    details:
      'The evidence is verified first. Entries of a ledger that does not verify are shown as unverified, and the command ends with 8 (invalid) or 9 (not decided).',
    options: [REHEARSE],
    examples: ['govboot log dev', 'govboot log dev --rehearse', 'govboot log --json'],
    read: ofEnvironment,
  }),
  spec<'show'>({
    name: 'show',
    // Short, as the help has one column for all of them.
    args: '<env> [record]',
    summary: 'show a signed record, or one field of it',
    details:
      'The lock in force when no record is named; otherwise an entry of the ledger by its number, or, by the beginning of its id, the lock of a run (its last entry, where it has none). A field is a path as backend.account; in a list, a number or the id of an element: backend.resources.state-bucket.name. The evidence is verified first, and nothing of it is shown when it is not valid.',
    options: [option('--field <path>', 'print this field alone, without quotes: for scripts'), REHEARSE],
    examples: [
      'govboot show dev',
      'govboot show dev 3',
      'govboot show dev --field backend.resources.state-bucket.name',
    ],
    read: (environment, o, record) => ({
      environment: nameOf(environment),
      record: record ?? null,
      field: text(o['field']),
      rehearse: o['rehearse'] === true,
    }),
  }),
];
