/** The commands of `govboot trust`, in the order of a ceremony. */
import { FINGERPRINT, option, repeated, spec, type CommandSpec } from './command-spec.ts';
import { list, text } from './values.ts';

export const TRUST_COMMANDS: readonly CommandSpec[] = [
  spec<'trust pin'>({
    name: 'trust pin',
    args: '',
    summary: 'pin the root keys of this repository on this machine',
    details:
      'The repository must not say who judges it: take the fingerprints from a copy that it did not write, on paper.',
    options: [
      repeated('--root <fingerprint>', 'fingerprint of a root key'),
      option('--threshold <n>', 'how many of them must sign, from the same paper; needed with more than one'),
    ],
    examples: [`govboot trust pin --root ${FINGERPRINT}`],
    read: (_first, o) => ({ roots: list(o['root']), threshold: text(o['threshold']) }),
  }),
  spec<'trust show'>({
    name: 'trust show',
    args: '',
    summary: 'show what is pinned here, how the trust file follows from it, and what it says',
    options: [],
    examples: ['govboot trust show', 'govboot trust show --json'],
    read: () => ({}),
  }),
  spec<'trust sign'>({
    name: 'trust sign',
    args: '',
    summary: 'sign policies/trust.yaml with a root key (--key)',
    details:
      'A new version needs enough root keys of the version before it and enough of its own. What it changes is told before it is signed.',
    options: [],
    examples: [`govboot trust sign --key ${FINGERPRINT}`],
    read: () => ({}),
  }),
  spec<'trust next'>({
    name: 'trust next',
    args: '',
    summary: 'begin the next version of policies/trust.yaml, and keep the present one',
    details:
      'The present version goes to policies/trust/<version>.yaml with its signatures, and the number goes up by one. Nothing else is changed, and nothing is overwritten.',
    options: [],
    examples: ['govboot trust next'],
    read: () => ({}),
  }),
  spec<'trust update'>({
    name: 'trust update',
    args: '',
    summary: 'move the pin of this machine to the present version, step by step',
    details:
      'No paper is needed: every version is vouched for by the root keys of the one before it, from the pinned one on. Do it before those keys expire.',
    options: [],
    examples: ['govboot trust update'],
    read: () => ({}),
  }),
];
