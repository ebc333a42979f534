import { TRUST_COMMANDS } from '../trust-commands.ts';
import { code, list, say, section, type Topic } from './topic.ts';

export const TRUST: Topic = {
  name: 'trust',
  title: 'who may decide what, and how this machine knows',
  sections: [
    section(
      'DESCRIPTION',
      say(
        "The repository that is judged must not choose who judges it: whoever can push to it can replace everything in it. So the fingerprints of the root keys are pinned on each operator's machine, outside of the repository. The root keys sign the list of people, and the people sign tags, intents and evidence.",
      ),
      code(
        'pin on this machine -> root keys -> policies/trust.yaml -> people',
        '                                                              |',
        '                                 tag, intent, approval, evidence',
      ),
      say(
        'People are counted by the fingerprint of their primary key. Two signatures, two subkeys or two names of one person are one person.',
      ),
    ),
    section(
      'ROLES OF PEOPLE',
      list(
        ['release', 'signs the tag. A tag carries one signature.'],
        ['intent', 'signs the intent. The requester is one of them; at least one is needed.'],
        [
          'approver',
          'signs the intent too, or a plan where no terminal can exist. Never the requester. `thresholds.approver` of the trust file says how many.',
        ],
        [
          'evidence',
          "signs the ledger, the lock and the checkpoint: the operator's own key, named with `--key`.",
        ],
        ['break-glass', 'signs nothing in this version. See `govboot help break-glass`.'],
      ),
    ),
    section(
      'WHAT HAPPENS',
      say(
        'Once: `govboot init` writes policies/trust.yaml, each root key holder runs `govboot trust sign`, and somebody with the role release signs a tag on the commit that holds it all.',
      ),
      say(
        "On each operator's machine: `govboot trust pin`, with fingerprints that are read from paper. The command does not offer those of the repository, and pins no version that its root keys have not signed. Without a pin every gate run ends with TRUST_NOT_PINNED.",
      ),
      say(
        'When people change: `govboot trust next` keeps the present version under policies/trust and raises the number. Then the file is edited, signed by enough root keys of the version before and of its own, committed and tagged. `govboot trust update` moves the pin of each machine from version to version; a version that is missing on the way refuses.',
      ),
      say(
        'When a key is stolen: revoke it as compromised, publish the certificate in policies/keys, begin the next version without it, release, and update every pin. Nothing that it signed counts any more, whatever its date.',
      ),
    ),
    section(
      'COMMANDS',
      list(...TRUST_COMMANDS.map(({ name, summary }) => [`govboot ${name}`, summary] as const)),
    ),
    section(
      'EXAMPLES',
      say('The first ceremony, and the pin on a second machine:'),
      code(
        'govboot trust sign --key ROOT',
        'git add -A && git commit -m "Governance"',
        'git tag -s v1.0.0 -m "Release v1.0.0"',
        'govboot trust pin --root ROOT',
      ),
      say('Somebody leaves:'),
      code(
        'govboot trust next',
        '"$EDITOR" policies/trust.yaml',
        'govboot trust sign --key ROOT',
        'git add -A && git commit -m "Bob has left"',
        'git tag -s v1.1.0 -m "Release v1.1.0"',
        'govboot trust update',
      ),
      say('ROOT is a fingerprint of 40 hexadecimal characters that gpg knows, or a key file.'),
    ),
    section(
      'FILES',
      list(
        ['policies/trust.yaml', 'the list of people, their roles, the thresholds and the root keys'],
        [
          'policies/trust.yaml.asc',
          'the signature of a root key; each further one is `policies/trust.yaml.FINGERPRINT.asc`',
        ],
        ['policies/trust/N.yaml', 'the earlier versions, with their signatures'],
        ['policies/keys/FINGERPRINT.asc', 'the public key of each person and of each root key'],
        [
          '~/.config/govboot/pins.json',
          'what is pinned here; `$XDG_CONFIG_HOME` and `--pins` move it. It must lie outside of the repository, and nobody else may write to it.',
        ],
      ),
    ),
  ],
  seeAlso: ['govboot help gates', 'govboot help evidence', 'docs/trust.md', 'docs/formats.md'],
};
