/**
 * The closed list of codes. A code names one kind of refusal or failure; docs/errors.md is made from this table.
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

const entry = (exit: Exit, means: string, remedy: string, why: string): CodeEntry => ({
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
    'a command that is guessed at could do something else than was meant',
  ),
  FILE_UNSAFE: entry(
    'refused',
    'a file is not a plain file, is a link, or is larger than its limit',
    'replace it with a regular file inside the repository',
    'a link, a pipe or an endless file can show one thing to the check and another to the use',
  ),
  FILE_MISSING: entry(
    'usage',
    'a file that is needed does not exist',
    'check the path, or scaffold the repository with `govboot init`',
    'nothing can be judged by a file that is not there',
  ),
  FILE_EXISTS: entry(
    'usage',
    'a file that would be written exists already',
    'move it away first: govboot never overwrites',
    'what lies there may be the only copy of something that somebody signed',
  ),
  FILE_WRITE: entry(
    'usage',
    'a file could not be written',
    'make room, or set the rights of its folder',
    'a document that is half written is worse than none',
  ),
  NOT_A_REPOSITORY: entry(
    'usage',
    'this folder is not the root of a git work tree',
    'run it in the governed repository, or name it with --repo',
    'only the root of a work tree can be held against a signed tag; a folder inside or above it is another thing',
  ),
  NOT_READY: entry(
    'usage',
    'something on this machine or in this repository is missing or wrong',
    'do what stands beside `mend:`, then run `govboot doctor` again',
    'what is found out in the middle of a ceremony costs everybody who came for it',
  ),
  NOT_CANONICAL: entry(
    'refused',
    'a machine-made document is not in its one accepted spelling',
    'restore the file as it was written; do not edit or re-format it',
    'two spellings of one document have two digests, so one signature would vouch for only one of them',
  ),
  SCHEMA: entry(
    'refused',
    'a document has a missing, unknown or malformed field',
    'correct the field named; `docs/formats.md` has the format',
    'a field that is misspelt is a rule that does not hold; one that is unknown may mean something to another reader',
  ),
  YAML: entry(
    'refused',
    'a human-made document is not plain YAML 1.2',
    'correct the place named; `docs/formats.md` has the one spelling: UTF-8, LF, no anchors, aliases, tags or duplicate keys',
    'anchors, tags and duplicate keys are read differently by different programs: a reviewer could see another document than the one that is used',
  ),
  TOOL: entry(
    'usage',
    'a program that is needed is missing or failed',
    'install it, or put it on the PATH',
    'a check that cannot be made is not a check that passed',
  ),

  // source gate
  TAG_MISSING: entry(
    'refused',
    'the tag that the intent names does not exist',
    'create the signed tag, or correct the tag in the intent',
    'without the tag nobody has released what lies here',
  ),
  TAG_NAME_INVALID: entry(
    'refused',
    'the tag name is not of the accepted form',
    'use letters, digits, dots, dashes and slashes, at most 128 characters',
    'a name can be taken for an option, a path or another ref by the tools that meet it later',
  ),
  TAG_NAME_MISMATCH: entry(
    'refused',
    'the tag object names itself differently from its ref',
    'fetch the tag again from its origin; do not move refs by hand',
    'anyone who can write a ref can put an old, genuinely signed tag under a new name',
  ),
  TAG_NOT_ANNOTATED: entry(
    'refused',
    'the tag is lightweight: it carries no signature',
    'create it with `git tag -s`',
    'a lightweight tag is a pointer that anyone can move; it carries no signature',
  ),
  TAG_TARGET_TYPE: entry(
    'refused',
    'the tag does not point at a commit',
    'tag the commit itself',
    'the signature would be over a pointer to a pointer, and not over the files that are used',
  ),
  TAG_MALFORMED: entry(
    'refused',
    'the tag object has an unexpected header, character, or text after its signature',
    'create the tag anew with `git tag -s`',
    'git passes over headers and text that it does not know, also those that were put there after signing',
  ),
  TAG_UNSIGNED: entry(
    'refused',
    'the tag is annotated but not signed',
    'create it with `git tag -s`',
    'an annotation names somebody; only a signature shows that it was them',
  ),
  TAG_ROLLBACK: entry(
    'refused',
    'the tag is older than the last one used',
    'release forward: tag a commit that descends from the last one used',
    'an old release is genuinely signed too: whoever may choose it brings back what was mended since',
  ),
  HEAD_MISMATCH: entry(
    'refused',
    'HEAD is not the commit that the tag points at',
    'check the tag out: `git checkout --detach refs/tags/NAME`',
    'what is checked out would be another thing than what was signed',
  ),
  TREE_MISMATCH: entry(
    'refused',
    'the files on disk are not the tagged tree',
    'commit and tag the change, or remove it; `git stash -u` sets it aside',
    'what is on disk is what would be used, whatever the tag says; git status can be told not to look',
  ),
  REPLACE_REFS: entry(
    'refused',
    'the repository replaces objects (refs/replace or grafts)',
    'delete them: `git replace -d`, remove .git/info/grafts',
    'git then shows other objects under the names that were signed',
  ),
  OBJECT_FORGED: entry(
    'refused',
    'a git object holds other bytes than its name says',
    'clone the repository again from its origin, and keep this copy for the investigation; `git fsck --full` names such objects',
    'git reads an object by its name and does not hash it again: whoever can write to .git can put other bytes under a signed name',
  ),
  REPO_UNSAFE: entry(
    'refused',
    'the repository could run or borrow something that was not signed',
    'use a plain clone: no hooks, filters, alternates, or shallow history',
    'hooks and filters run programs, and borrowed or cut history hides what is missing',
  ),
  REPO_ID_MISMATCH: entry(
    'refused',
    'the repository id is not the one that was pinned',
    'you may be in another repository; pins are shown by `govboot trust show`',
    'the same people may release several repositories: their signature alone does not say which one this is',
  ),

  // trust and signatures
  TRUST_NOT_PINNED: entry(
    'refused',
    'no root key of this repository is pinned on this machine',
    'compare the fingerprints with a trusted paper copy, then `govboot trust pin --root FINGERPRINT`',
    'without a pin the repository itself would say who may judge it',
  ),
  TRUST_INVALID: entry(
    'refused',
    'the trust file contradicts itself',
    'correct policies/trust.yaml and sign it again with the root keys',
    'a list that contradicts itself can be read in favour of whoever reads it',
  ),
  TRUST_EXPIRED: entry(
    'refused',
    'the trust file has expired',
    'publish a new version of policies/trust.yaml, signed by the root keys',
    'an old list does not know who has left since; an expiry makes sure that somebody looked at it',
  ),
  TRUST_ROLLBACK: entry(
    'refused',
    'the trust file is older than one that was accepted',
    'use the newest policies/trust.yaml',
    'an old list would bring back people who were taken off it',
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
    'who may change the list of people decides everything else',
  ),
  SIG_MISSING: entry(
    'refused',
    'there is no detached signature',
    'sign it: `govboot intent sign FILE` or `govboot trust sign`',
    "a document without a signature is anybody's",
  ),
  SIG_FORMAT: entry(
    'refused',
    'the signature file is not one armored detached OpenPGP signature',
    'sign again with `gpg --armor --detach-sign`',
    'OpenPGP tools skip text around a block and read other forms each in their own way: what a person sees would not be what was verified',
  ),
  SIG_COUNT: entry(
    'refused',
    'the file holds no signature or more than one',
    'keep one signature a file',
    'with none there is nothing to check, and with several the tools differ in which one counts',
  ),
  SIG_CLASS: entry(
    'refused',
    'the signature is not over binary data (class 00)',
    'sign with --detach-sign, without --textmode',
    'a signature over text also fits files with other line ends, which have another digest',
  ),
  SIG_BAD: entry(
    'refused',
    'the signature does not match the bytes',
    'the file was changed after it was signed; restore it or sign again',
    'either the document or the signature was changed, or it was made with another key',
  ),
  SIG_FUTURE: entry(
    'refused',
    'the signature is dated in the future',
    'correct the clock of this machine or of the signer',
    'a date from the future outlives every expiry and every revocation',
  ),
  SIG_EXPIRED: entry(
    'refused',
    'the signature has expired',
    'sign again',
    'whoever signed said until when it holds',
  ),
  SIG_WEAK: entry(
    'refused',
    'the signature or key uses an algorithm that is no longer accepted',
    'sign with SHA-256 or better and an Ed25519, NIST P or RSA-3072 key',
    'with weak algorithms somebody else can make a signature that fits',
  ),
  SIG_UNSUPPORTED: entry(
    'refused',
    'the signature needs something that not every verifier knows',
    'sign with an OpenPGP v4 key and without critical notations',
    'an auditor with another tool would be told that it is bad, or would not be told what it says',
  ),
  SIG_DISAGREE: entry(
    'refused',
    'the verifiers do not agree',
    'treat the file as forged until it is explained',
    'at least one of them is wrong, and a forgery is made for the one that is',
  ),
  SIGNER_UNKNOWN: entry(
    'refused',
    'no public key in policies/keys matches the signature',
    'the signer must be listed in policies/trust.yaml with a key file',
    'a key that is not published here cannot be told from any other',
  ),
  SIGNER_NOT_ALLOWED: entry(
    'refused',
    'the signer is not listed in the trust file',
    'ask a listed person to sign',
    'a good signature shows who signed, not that they may',
  ),
  SIGNER_ROLE: entry(
    'refused',
    'the signer does not have the role that is needed',
    'ask a person with the role to sign',
    'who may ask may not release, and who may release may not approve: a stolen key then opens one door and not all',
  ),
  SIGNER_INACTIVE: entry(
    'refused',
    'the signer is outside their period of validity',
    'ask a person whose entry is valid today',
    'who has left, or has not begun, decides nothing',
  ),
  KEY_EXPIRED: entry(
    'refused',
    'the signing key has expired',
    'extend the key and publish it in policies/keys',
    'nobody watches over a key that is past its end',
  ),
  KEY_REVOKED: entry(
    'refused',
    'the signing key is revoked',
    'remove the person or list a new key',
    'whoever holds the key now may not be whom it was made for',
  ),
  KEY_INVALID: entry(
    'refused',
    'the key cannot be used for signatures',
    'publish a key with a signing capability',
    'tools differ in what they take from such a key',
  ),
  KEYRING_SHAPE: entry(
    'refused',
    'a key file is not exactly one public certificate named by its fingerprint',
    'export one key a file: `gpg --armor --export FINGERPRINT`',
    'a file that holds a second key, or the wrong one, is reviewed as one and used as the other',
  ),
  THRESHOLD: entry(
    'refused',
    'too few people signed',
    'ask more people of the role to sign',
    'one person alone could be mistaken, or made to do it',
  ),
  DUTY_SEPARATION: entry(
    'refused',
    'the same person stands on both sides',
    'an approver other than the requester must sign',
    'who approves their own wish is one person, however often they sign',
  ),

  // intent gate
  INTENT_SCOPE: entry(
    'refused',
    'the intent is for another environment, tag or repository than this run',
    'use the intent that was written for it',
    'a signed wish for one place would open another',
  ),
  INTENT_WINDOW: entry(
    'refused',
    'now is outside the window of the intent, or the window is too long',
    'write and sign a new intent',
    'a wish that never ends is found years later by somebody else',
  ),
  INTENT_REPLAY: entry(
    'refused',
    'the nonce of the intent was used before',
    'write and sign a new intent',
    'a wish that was carried out once could be carried out again by whoever finds the file',
  ),
  INTENT_SOURCE: entry(
    'refused',
    'the intent names another commit or tree than the tag',
    'write the intent again after the tag was made',
    'a tag can be moved; the commit and the digest of the files cannot',
  ),

  // parity gate
  PARITY: entry(
    'refused',
    'a value is not allowed by the parity policy, or environments differ in what it does not list as a difference',
    'correct the intent or, after review, the policy',
    'environments that differ by accident are where production breaks first',
  ),
  PARITY_SHARED: entry(
    'refused',
    'two environments would share a name, an account, a job or people',
    'give each environment its own account, names, jobs and principals',
    'what two environments share, an accident in one destroys for both',
  ),
  PARITY_TEMPLATE: entry(
    'refused',
    'a template is not the one that the policy authorizes',
    'restore the template, or authorize its SHA-256 in policies/parity.yaml',
    'the backend file decides where the state goes and with which key',
  ),

  // identity gate
  IDENTITY: entry(
    'refused',
    'the caller may not do this: the root user, or credentials that end too soon',
    'sign in with a role of the account',
    'the root user cannot be limited, and credentials that end in the middle leave half a backend',
  ),
  IDENTITY_MISMATCH: entry(
    'refused',
    'the caller is in another account, partition or region than the intent says',
    'choose the profile and region of the environment',
    'the wrong profile is the most common way to change the wrong account',
  ),
  ENDPOINT: entry(
    'refused',
    'an endpoint is overridden that the intent does not name',
    'unset AWS_ENDPOINT_URL*, or name the endpoint in a signed intent',
    'whoever answers at that address sees the calls and can say that all is well',
  ),
  ENVIRONMENT: entry(
    'refused',
    'a variable of the environment weakens this process',
    'unset it and start again',
    'it makes this process trust or run what it should not',
  ),

  TOOL_HASH: entry(
    'refused',
    'a program that takes part is not one of those that the policy lists',
    'install the listed version, or list its SHA-256 under tools in policies/parity.yaml, after review',
    'a program that was replaced on this machine could lie about what it sees',
  ),

  // rules of the policy that are written in Rego
  POLICY_INTEGRITY: entry(
    'refused',
    'the compiled rules are not those that the parity policy lists',
    'build them again from their source, review, and list the SHA-256 under rules in policies/parity.yaml',
    'rules that were changed after the review could say yes to everything',
  ),
  POLICY_UNDEFINED: entry(
    'refused',
    'the rules did not answer, or did not attest everything that the policy lists',
    'correct the entrypoint or the list under rules in policies/parity.yaml; a rule that cannot be made attests nothing',
    'a misspelt name or a missing field makes rules silent, and silence is not a yes',
  ),
  POLICY_ERROR: entry(
    'refused',
    'the rules could not be evaluated: an error, too much time or too much memory',
    'test the rules with `opa eval` on the same input, and correct them',
    'a rule that ends in an error has refused nothing, and has not agreed either',
  ),
  POLICY_SHAPE: entry(
    'refused',
    'the rules answered something other than one object with the sets pass and deny',
    'return exactly one object: {"pass": [ids], "deny": [{"id", "message"}]}',
    'a text, an empty list or two answers can be taken for a yes by whoever wants one',
  ),
  POLICY_EXCEPTION: entry(
    'refused',
    'the rules answer with exceptions',
    'write the exception into the rule itself, where a reviewer sees it',
    'an exception that matches everything switches the rules off without a trace',
  ),

  // immutability gate
  BACKEND_LOCKED: entry(
    'refused',
    'the backend is locked; this intent does not supersede the lock',
    'write an intent with action supersede that names the digest of the lock, or correct to bring back what drifted',
    'a locked backend holds the state of everything: it is changed on purpose or not at all',
  ),
  LOCKED_ELSEWHERE: entry(
    'refused',
    'the cloud says that a run has finished of which this evidence knows nothing',
    'get the evidence of that run (`git pull`), and write an intent with action supersede; where it is lost for good, one with action adopt',
    'a copy of the repository without the newest evidence would lock the backend a second time, and nobody could say which lock holds',
  ),
  DRIFTED: entry(
    'plan',
    'a control is other than the lock says, and the intent supersedes that lock',
    'find out who changed it, and bring it back first with an intent whose action is correct',
    'a change that nobody signed would vanish beneath one that somebody did',
  ),
  DRIFT_FOUND: entry(
    'drift',
    'the live backend is not as its lock says',
    'treat it as an incident: find out who changed it (CloudTrail), then write an intent with action correct, or supersede',
    'what nobody signed was changed, and whoever could do that may have done more',
  ),
  DRIFT_UNREADABLE: entry(
    'cloud',
    'a part of the live backend could not be read, so that nobody knows whether it drifted',
    'give the caller the reading permissions of docs/permissions.md, and run `govboot drift` again',
    'what is hidden is where a change would be hidden: denied is neither gone nor unchanged',
  ),
  BEYOND_LOCK: entry(
    'plan',
    'an intent that corrects would change more than what drifted',
    'write an intent with action supersede: what the lock says is changed by it alone',
    'a correction is signed in a hurry; what it may do is what was agreed before',
  ),
  LOCK_SUPERSEDES: entry(
    'refused',
    'the intent supersedes another lock than the one in force',
    'write the digest of the present lock into the intent',
    'somebody changed the backend since the intent was written: its author did not know what they would change',
  ),
  RECOVERY_REQUIRED: entry(
    'apply',
    'an earlier run did not finish',
    'finish it with `govboot apply --resume`',
    'a new run over half a run would hide what the first one did',
  ),
  NOTHING_TO_RESUME: entry(
    'usage',
    'there is no unfinished run to resume',
    'run `govboot apply`',
    'a run that did not begin cannot be continued',
  ),
  GATES_REFUSED: entry(
    'refused',
    'one or more gates refused',
    'mend what each line says and run `govboot check` again',
    'a gate that refuses is the reason why this program exists',
  ),

  // plan
  FOREIGN_RESOURCE: entry(
    'plan',
    'a resource of that name exists and is not ours',
    'choose another name in the policy, have its owner remove it, or sign an intent with action adopt where it carries no tags of govboot',
    'taking over what somebody else made would put your state into their hands, or break what they run',
  ),
  FOREIGN_VALUE: entry(
    'plan',
    'somebody else put something there that govboot will not rewrite',
    'remove it by hand, or allow it in the policy',
    'somebody put it there for a reason, and may rely on it',
  ),
  NOT_OFFERED: entry(
    'plan',
    'this store does not offer a control that the policy needs',
    'choose another store, or relax the policy',
    'a control that the store does not have cannot be promised',
  ),
  RESOURCE_NOT_ALLOWED: entry(
    'plan',
    'the policy does not list this type of resource',
    'list it under allowed_resources, after review',
    'the policy lists all that may be made; everything else is a surprise',
  ),
  IMMUTABLE_VALUE: entry(
    'plan',
    'a value can only be chosen when the resource is made',
    'choose another name and make a new resource',
    'it could only be changed by destroying what is there',
  ),
  READ_DENIED: entry(
    'cloud',
    'the cloud denied a read, so the state of a control is unknown',
    'give the bootstrap identity the read permissions in docs/permissions.md',
    'what may not be seen is not absent: making it anew could overwrite it',
  ),
  PLAN_REFUSED: entry(
    'plan',
    'the plan holds steps that are refused',
    'mend what each line says and run `govboot plan` again',
    'a plan is carried out whole or not at all',
  ),

  // confirm
  NOT_INTERACTIVE: entry(
    'declined',
    'there is no person at a terminal to confirm',
    'run it in an interactive terminal; where none can exist, have the plan approved: `govboot plan --out FILE`, then `govboot approve FILE`',
    'a script that says yes says it every time, also when it should not',
  ),
  CONFIRM: entry(
    'declined',
    'the confirmation was not given as asked',
    'run it again and type exactly what is shown',
    'the token shows that somebody read this very plan, and not the one of yesterday',
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
    'what was confirmed is not what would be done',
  ),

  // apply
  CLAIMED: entry(
    'busy',
    'somebody else is bootstrapping this environment',
    'wait for them, or ask them to finish with `govboot apply --resume`',
    'two runs at once would each undo what the other made',
  ),
  CLOUD_DENIED: entry(
    'cloud',
    'the cloud denied a call',
    'give the bootstrap identity the permissions in docs/permissions.md',
    'a run that may not do everything would stop half-way',
  ),
  CLOUD_FAILED: entry(
    'apply',
    'a call to the cloud failed',
    'finish with `govboot apply --resume`',
    'what was made is on record; what is missing can be made',
  ),
  CLOUD_UNREACHABLE: entry(
    'cloud',
    'the cloud could not be reached',
    'check the network, the region and the endpoint',
    'without an answer nothing is known, and nothing may be assumed',
  ),
  CREDENTIALS: entry(
    'cloud',
    'no usable credentials were found',
    'sign in as you do for the AWS CLI (`aws sso login`, AWS_PROFILE, …)',
    'nothing is asked or made by nobody',
  ),
  CALL_NOT_ALLOWED: entry(
    'bug',
    'a call was attempted that the profile of the store does not list, or that would weaken the backend',
    'report this as a bug',
    'on some stores an unknown call does something else: deleting a setting can delete the bucket',
  ),
  READBACK_WRONG: entry(
    'apply',
    'a control reads back other than it was written',
    'run `govboot plan` to see it, then `govboot apply --resume`',
    'the record holds what was read, not what was asked for: a control that does not read back is not there',
  ),
  SIGNER: entry(
    'refused',
    'the evidence cannot be signed',
    'choose a key with --key: a fingerprint known to gpg, or a key file',
    'a run that cannot be signed would leave no evidence',
  ),
  EVIDENCE_WRITE: entry(
    'apply',
    'the evidence could not be stored',
    'make room or set the rights of the evidence folder, then `govboot apply --resume`',
    'what is done and not recorded cannot be shown to anyone',
  ),
  CLOCK: entry(
    'refused',
    'the clock of this machine is earlier than the last ledger entry',
    'set the clock',
    'with a clock that was set back, whatever has expired is valid again',
  ),

  // evidence
  EVIDENCE_MISSING: entry(
    'undecided',
    'there is no evidence to judge',
    'run `govboot apply` first, or name the folder',
    'what is not there proves nothing, neither good nor bad',
  ),
  EVIDENCE_INVALID: entry(
    'invalid',
    'the evidence is not what was written',
    'restore it from a copy; keep this one for the investigation',
    'somebody changed it, or it was damaged: from here on it proves nothing',
  ),
  EVIDENCE_UNDECIDED: entry(
    'undecided',
    'a part of the evidence could not be judged',
    'provide what is named as missing',
    'a question that cannot be answered is not answered with yes',
  ),
  BUNDLE_UNSAFE: entry(
    'invalid',
    'the archive of evidence holds something that no archive of evidence has, or that could be read in two ways',
    'do not unpack it; ask for a plain one: `tar -czf dev.tgz -C evidence dev`',
    'links, odd names and endless contents are how an archive writes outside of its folder, shows one thing to one reader and another to the next, or stops the reader',
  ),
  ATTACHMENT_INVALID: entry(
    'invalid',
    'a time stamp or an attestation is not over this evidence, or does not hold',
    'ask for a new one: `govboot evidence stamp`, or `govboot evidence statement`',
    'what is on record for good and vouches for nothing is taken for a witness by whoever does not look twice',
  ),
  EVIDENCE_PENDING: entry(
    'undecided',
    'a part of the evidence is not in its store yet, or no receipt tells of it',
    'run `govboot evidence push`',
    'what lies on one machine only is lost with that machine',
  ),
  VAULT_CONFLICT: entry(
    'invalid',
    'a store holds something else under the name of a file of evidence',
    'find out who wrote it, and which of the two is the record: nothing was overwritten',
    'one of them was forged or damaged, and a copy that differs proves nothing',
  ),
  VAULT_FAILED: entry(
    'cloud',
    'a store of evidence could not be used, or did not answer as a store must',
    'the evidence here is whole; run `govboot evidence push` again when the store is well',
    'a store that does not give back what it was given keeps nothing',
  ),
  WORM_SHADOWED: entry(
    'invalid',
    'in a store something newer hides a record: another version, or the mark of a deletion',
    'the record is there under its version id, and `govboot evidence pull` fetches that one; find out who hid it',
    'whoever asks the store by name alone is shown something else than was recorded',
  ),
  WORM_WEAK: entry(
    'invalid',
    'a store does not hold a record as firmly or as long as it should',
    'push to a store that holds it (docs/evidence-store.md), and find out who weakened this one',
    'what can be deleted or replaced by its owner is no record against its owner',
  ),

  BUG: entry(
    'bug',
    'govboot met something that it did not expect',
    'run it again with --debug and report it with the file that it names',
    'it was not thought of, so nobody knows what it would have done next',
  ),
  INTERRUPTED: entry(
    'interrupted',
    'interrupted from the terminal',
    'run `govboot apply --resume` if an apply had begun',
    'it was asked to stop, and stopped between two steps',
  ),
} as const satisfies Record<string, CodeEntry>;

export type Code = keyof typeof CODES;
