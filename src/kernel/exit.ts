/** The one table of exit codes. Published in `govboot --help`, README.md and docs/exit-codes.md, which are made from it. */

export const EXITS = {
  ok: { code: 0, means: 'done, or nothing to do' },
  usage: { code: 2, means: 'the command line, a setting or a file given is not usable' },
  refused: { code: 3, means: 'a gate refused; nothing was written to the cloud' },
  declined: { code: 4, means: 'the confirmation was not given; nothing was written to the cloud' },
  plan: {
    code: 5,
    means: 'the plan cannot be carried out: something in the way is not ours, or a control is not offered',
  },
  apply: { code: 6, means: 'the apply did not finish; `govboot apply --resume` continues it' },
  cloud: { code: 7, means: 'the cloud could not be read or reached, or denied a call' },
  invalid: { code: 8, means: 'evidence is invalid' },
  undecided: { code: 9, means: 'evidence could not be judged: something needed is missing' },
  drift: { code: 10, means: 'the live backend is not as its lock says: a security incident' },
  busy: { code: 75, means: 'somebody else holds the claim; try later' },
  bug: { code: 70, means: 'govboot ended without deciding: a bug' },
  interrupted: { code: 130, means: 'interrupted from the terminal' },
} as const;

export type Exit = keyof typeof EXITS;
