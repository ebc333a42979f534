/**
 * The closed list of codes. A code names one kind of refusal or failure; docs/error-codes.md is made from this table.
 * `means` says what was seen, `remedy` what to do next, `why` what could go wrong if it were let through. Renaming a code is done
 * here and nowhere else.
 */
import type { Exit } from './exit.ts';

export interface CodeEntry {
  readonly exit: Exit;
  readonly means: string;
  readonly remedy: string;
  readonly why: string;
}

const entry = (exit: Exit, means: string, remedy: string, why = ''): CodeEntry => ({
  exit,
  means,
  remedy,
  why,
});

export const CODES = {
  // inputs
  USAGE: entry(
    'usage',
    'the command line cannot be understood',
    'run `govboot --help`, or `govboot COMMAND --help`',
  ),
  FILE_UNSAFE: entry(
    'refused',
    'a file is not a plain file, is a link, or is larger than its limit',
    'replace it with a regular file inside the repository',
  ),
  FILE_MISSING: entry(
    'usage',
    'a file that is needed does not exist',
    'check the path, or scaffold the repository with `govboot init`',
  ),
  FILE_EXISTS: entry(
    'usage',
    'a file that would be written exists already',
    'move it away first: govboot never overwrites',
  ),
  FILE_WRITE: entry('usage', 'a file could not be written', 'make room, or set the rights of its folder'),
  NOT_A_REPOSITORY: entry(
    'usage',
    'this folder is not the root of a git work tree',
    'run it in the governed repository, or name it with --repo',
  ),
  NOT_CANONICAL: entry(
    'refused',
    'a machine-made document is not in its one accepted spelling',
    'restore the file as it was written; do not edit or re-format it',
  ),
  SCHEMA: entry(
    'refused',
    'a document has a missing, unknown or malformed field',
    'correct the field named; `docs/formats.md` has the format',
  ),
  YAML: entry(
    'refused',
    'a human-made document is not plain YAML 1.2',
    'remove anchors, aliases, tags and duplicate keys; keep it under its size limit',
  ),
  TOOL: entry('usage', 'a program that is needed is missing or failed', 'install it, or put it on the PATH'),

  // source gate
  TAG_MISSING: entry(
    'refused',
    'the tag that the intent names does not exist',
    'create the signed tag, or correct the tag in the intent',
  ),
  TAG_NAME_INVALID: entry(
    'refused',
    'the tag name is not of the accepted form',
    'use letters, digits, dots, dashes and slashes, at most 128 characters',
  ),
  TAG_NAME_MISMATCH: entry(
    'refused',
    'the tag object names itself differently from its ref',
    'fetch the tag again from its origin; do not move refs by hand',
  ),
  TAG_NOT_ANNOTATED: entry(
    'refused',
    'the tag is lightweight: it carries no signature',
    'create it with `git tag -s`',
  ),
  TAG_TARGET_TYPE: entry('refused', 'the tag does not point at a commit', 'tag the commit itself'),
  TAG_MALFORMED: entry(
    'refused',
    'the tag object has an unexpected header, character, or text after its signature',
    'create the tag anew with `git tag -s`',
  ),
  TAG_UNSIGNED: entry('refused', 'the tag is annotated but not signed', 'create it with `git tag -s`'),
  TAG_ROLLBACK: entry(
    'refused',
    'the tag is older than the last one used',
    'release forward: tag a commit that descends from the last one used',
  ),
  HEAD_MISMATCH: entry(
    'refused',
    'HEAD is not the commit that the tag points at',
    'check the tag out: `git checkout --detach refs/tags/NAME`',
  ),
  TREE_MISMATCH: entry(
    'refused',
    'the files on disk are not the tagged tree',
    'commit and tag the change, or remove it; `git stash -u` sets it aside',
  ),
  REPLACE_REFS: entry(
    'refused',
    'the repository replaces objects (refs/replace or grafts)',
    'delete them: `git replace -d`, remove .git/info/grafts',
  ),
  REPO_UNSAFE: entry(
    'refused',
    'the repository could run or borrow something that was not signed',
    'use a plain clone: no hooks, filters, alternates, or shallow history',
  ),
  REPO_ID_MISMATCH: entry(
    'refused',
    'the repository id is not the one that was pinned',
    'you may be in another repository; pins are shown by `govboot trust show`',
  ),

  // trust and signatures
  TRUST_NOT_PINNED: entry(
    'refused',
    'no root key of this repository is pinned on this machine',
    'compare the fingerprints with a trusted paper copy, then `govboot trust pin --root FINGERPRINT`',
  ),
  TRUST_INVALID: entry(
    'refused',
    'the trust file contradicts itself',
    'correct policies/trust.yaml and sign it again with the root keys',
  ),
  TRUST_EXPIRED: entry(
    'refused',
    'the trust file has expired',
    'publish a new version of policies/trust.yaml, signed by the root keys',
  ),
  TRUST_ROLLBACK: entry(
    'refused',
    'the trust file is older than one that was accepted',
    'use the newest policies/trust.yaml',
  ),
  TRUST_GAP: entry(
    'refused',
    'a version of the trust file between the one that was accepted here and this one is missing or out of order',
    'restore the missing version under policies/trust, or compare with paper and pin again with `govboot trust pin`',
    'each version is vouched for by the one before it: who could leave one out could leave out the one that removed them',
  ),
  TRUST_UNSIGNED: entry(
    'refused',
    'the trust file is not signed by enough pinned root keys',
    'have the root key holders run `govboot trust sign`',
  ),
  SIG_MISSING: entry(
    'refused',
    'there is no detached signature',
    'sign it: `govboot intent sign FILE` or `govboot trust sign`',
  ),
  SIG_FORMAT: entry(
    'refused',
    'the signature file is not one armored detached OpenPGP signature',
    'sign again with `gpg --armor --detach-sign`',
  ),
  SIG_COUNT: entry('refused', 'the file holds no signature or more than one', 'keep one signature a file'),
  SIG_CLASS: entry(
    'refused',
    'the signature is not over binary data (class 00)',
    'sign with --detach-sign, without --textmode',
  ),
  SIG_BAD: entry(
    'refused',
    'the signature does not match the bytes',
    'the file was changed after it was signed; restore it or sign again',
  ),
  SIG_FUTURE: entry(
    'refused',
    'the signature is dated in the future',
    'correct the clock of this machine or of the signer',
  ),
  SIG_EXPIRED: entry('refused', 'the signature has expired', 'sign again'),
  SIG_WEAK: entry(
    'refused',
    'the signature or key uses an algorithm that is no longer accepted',
    'sign with SHA-256 or better and an Ed25519, NIST P or RSA-3072 key',
  ),
  SIG_UNSUPPORTED: entry(
    'refused',
    'the signature needs something that not every verifier knows',
    'sign with an OpenPGP v4 key and without critical notations',
  ),
  SIG_DISAGREE: entry(
    'refused',
    'the verifiers do not agree',
    'treat the file as forged until it is explained',
  ),
  SIGNER_UNKNOWN: entry(
    'refused',
    'no public key in policies/keys matches the signature',
    'the signer must be listed in policies/trust.yaml with a key file',
  ),
  SIGNER_NOT_ALLOWED: entry(
    'refused',
    'the signer is not listed in the trust file',
    'ask a listed person to sign',
  ),
  SIGNER_ROLE: entry(
    'refused',
    'the signer does not have the role that is needed',
    'ask a person with the role to sign',
  ),
  SIGNER_INACTIVE: entry(
    'refused',
    'the signer is outside their period of validity',
    'ask a person whose entry is valid today',
  ),
  KEY_EXPIRED: entry(
    'refused',
    'the signing key has expired',
    'extend the key and publish it in policies/keys',
  ),
  KEY_REVOKED: entry('refused', 'the signing key is revoked', 'remove the person or list a new key'),
  KEY_INVALID: entry(
    'refused',
    'the key cannot be used for signatures',
    'publish a key with a signing capability',
  ),
  KEYRING_SHAPE: entry(
    'refused',
    'a key file is not exactly one public certificate named by its fingerprint',
    'export one key a file: `gpg --armor --export FINGERPRINT`',
  ),
  THRESHOLD: entry('refused', 'too few people signed', 'ask more people of the role to sign'),
  DUTY_SEPARATION: entry(
    'refused',
    'the same person stands on both sides',
    'an approver other than the requester must sign',
  ),

  // intent gate
  INTENT_SCOPE: entry(
    'refused',
    'the intent is for another environment, tag or repository than this run',
    'use the intent that was written for it',
  ),
  INTENT_WINDOW: entry(
    'refused',
    'now is outside the window of the intent, or the window is too long',
    'write and sign a new intent',
  ),
  INTENT_REPLAY: entry('refused', 'the nonce of the intent was used before', 'write and sign a new intent'),
  INTENT_SOURCE: entry(
    'refused',
    'the intent names another commit or tree than the tag',
    'write the intent again after the tag was made',
  ),

  // parity gate
  PARITY: entry(
    'refused',
    'a value is not allowed by the parity policy',
    'correct the intent or, after review, the policy',
  ),
  PARITY_SHARED: entry(
    'refused',
    'two environments would share something',
    'give each environment its own account and names',
  ),
  PARITY_TEMPLATE: entry(
    'refused',
    'a template is not the one that the policy authorizes',
    'restore the template, or authorize its SHA-256 in policies/parity.yaml',
  ),

  // identity gate
  IDENTITY: entry(
    'refused',
    'the caller may not do this: the root user, or credentials that end too soon',
    'sign in with a role of the account',
  ),
  IDENTITY_MISMATCH: entry(
    'refused',
    'the caller is in another account, partition or region than the intent says',
    'choose the profile and region of the environment',
  ),
  ENDPOINT: entry(
    'refused',
    'an endpoint is overridden that the intent does not name',
    'unset AWS_ENDPOINT_URL*, or name the endpoint in a signed intent',
  ),
  ENVIRONMENT: entry(
    'refused',
    'a variable of the environment weakens this process',
    'unset it and start again',
  ),

  TOOL_HASH: entry(
    'refused',
    'a program that takes part is not one of those that the policy lists',
    'install the listed version, or list its SHA-256 under tools in policies/parity.yaml, after review',
    'a program that was replaced on this machine could lie about what it sees',
  ),

  // immutability gate
  BACKEND_LOCKED: entry(
    'refused',
    'the backend is locked; this intent does not supersede the lock',
    'write an intent with action supersede that names the digest of the lock',
  ),
  LOCK_SUPERSEDES: entry(
    'refused',
    'the intent supersedes another lock than the one in force',
    'write the digest of the present lock into the intent',
  ),
  RECOVERY_REQUIRED: entry(
    'apply',
    'an earlier run did not finish',
    'finish it with `govboot apply --resume`',
  ),
  NOTHING_TO_RESUME: entry('usage', 'there is no unfinished run to resume', 'run `govboot apply`'),
  GATES_REFUSED: entry(
    'refused',
    'one or more gates refused',
    'mend what each line says and run `govboot check` again',
  ),

  // plan
  FOREIGN_RESOURCE: entry(
    'plan',
    'a resource of that name exists and is not ours',
    'choose another name in the policy, or have its owner remove it',
  ),
  FOREIGN_VALUE: entry(
    'plan',
    'somebody else put something there that govboot will not rewrite',
    'remove it by hand, or allow it in the policy',
  ),
  NOT_OFFERED: entry(
    'plan',
    'this store does not offer a control that the policy needs',
    'choose another store, or relax the policy',
  ),
  RESOURCE_NOT_ALLOWED: entry(
    'plan',
    'the policy does not list this type of resource',
    'list it under allowed_resources, after review',
  ),
  IMMUTABLE_VALUE: entry(
    'plan',
    'a value can only be chosen when the resource is made',
    'choose another name and make a new resource',
  ),
  READ_DENIED: entry(
    'cloud',
    'the cloud denied a read, so the state of a control is unknown',
    'give the bootstrap identity the read permissions in docs/permissions.md',
  ),
  PLAN_REFUSED: entry(
    'plan',
    'the plan holds steps that are refused',
    'mend what each line says and run `govboot plan` again',
  ),

  // confirm
  NOT_INTERACTIVE: entry(
    'declined',
    'there is no person at a terminal to confirm',
    'run it in an interactive terminal; there is no option that answers for you',
  ),
  CONFIRM: entry(
    'declined',
    'the confirmation was not given as asked',
    'run it again and type exactly what is shown',
  ),
  APPROVAL_PLAN: entry(
    'declined',
    'the approval is for another plan than the one that would be applied now',
    'make a new plan with `govboot plan --out` and have it approved',
    'an approval says yes to one plan, digit for digit; applied to another it would be a blank cheque',
  ),
  APPROVAL_WINDOW: entry(
    'declined',
    'now, or the moment of the signature, is outside the window of the approved plan',
    'make a new plan with `govboot plan --out` and have it approved in time',
    'what was safe when it was looked at may not be safe later: an approval must not lie in a drawer',
  ),
  APPROVAL_USED: entry(
    'declined',
    'the approved plan was applied before',
    'make a new plan with `govboot plan --out` and have it approved',
    'an approval is for one run; used twice it would approve what nobody looked at',
  ),
  PLAN_CHANGED: entry(
    'declined',
    'something changed between the plan and the confirmation',
    'run it again and read the new plan',
  ),

  // apply
  CLAIMED: entry(
    'busy',
    'somebody else is bootstrapping this environment',
    'wait for them, or ask them to finish with `govboot apply --resume`',
  ),
  CLOUD_DENIED: entry(
    'cloud',
    'the cloud denied a call',
    'give the bootstrap identity the permissions in docs/permissions.md',
  ),
  CLOUD_FAILED: entry('apply', 'a call to the cloud failed', 'finish with `govboot apply --resume`'),
  CLOUD_UNREACHABLE: entry(
    'cloud',
    'the cloud could not be reached',
    'check the network, the region and the endpoint',
  ),
  CREDENTIALS: entry(
    'cloud',
    'no usable credentials were found',
    'sign in as you do for the AWS CLI (`aws sso login`, AWS_PROFILE, …)',
  ),
  CALL_NOT_ALLOWED: entry(
    'bug',
    'a call was attempted that the profile of the store does not list',
    'report this as a bug',
  ),
  READBACK_WRONG: entry(
    'apply',
    'a control reads back other than it was written',
    'run `govboot plan` to see it, then `govboot apply --resume`',
  ),
  SIGNER: entry(
    'refused',
    'the evidence cannot be signed',
    'choose a key with --key: a fingerprint known to gpg, or a key file',
  ),
  EVIDENCE_WRITE: entry(
    'apply',
    'the evidence could not be stored',
    'make room or set the rights of the evidence folder, then `govboot apply --resume`',
  ),
  CLOCK: entry('refused', 'the clock of this machine is earlier than the last ledger entry', 'set the clock'),

  // evidence
  EVIDENCE_MISSING: entry(
    'undecided',
    'there is no evidence to judge',
    'run `govboot apply` first, or name the folder',
  ),
  EVIDENCE_INVALID: entry(
    'invalid',
    'the evidence is not what was written',
    'restore it from a copy; keep this one for the investigation',
  ),
  EVIDENCE_UNDECIDED: entry(
    'undecided',
    'a part of the evidence could not be judged',
    'provide what is named as missing',
  ),

  BUG: entry(
    'bug',
    'govboot met something that it did not expect',
    'run it again with --log FILE and report it with that file',
  ),
  INTERRUPTED: entry(
    'interrupted',
    'interrupted from the terminal',
    'run `govboot apply --resume` if an apply had begun',
  ),
} as const satisfies Record<string, CodeEntry>;

export type Code = keyof typeof CODES;
