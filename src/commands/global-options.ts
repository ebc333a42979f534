/** Options that stand before or after every command. */
import { option, type OptionSpec } from './command-spec.ts';

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  option('--repo <dir>', 'the governed repository', { initial: '.' }),
  option('--json', 'print events as JSON, one a line, on stdout'),
  option('--plain', 'words alone, one line a fact: for screen readers'),
  option('--pins <file>', 'the file of pinned root keys (default: in your configuration folder)'),
  option('--key <key>', 'key that signs: a fingerprint known to gpg, or an OpenPGP key file'),
  option('--log <file>', 'append a log of calls, retries and warnings, secrets redacted'),
  option('--debug', 'log everything, stack traces too, secrets redacted; says where'),
];
