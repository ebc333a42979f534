import { code, list, say, section, type Topic } from './topic.ts';

export const EVIDENCE: Topic = {
  name: 'evidence',
  title: 'what a run leaves behind, and how anybody can check it',
  sections: [
    section(
      'DESCRIPTION',
      say(
        'Every `apply` leaves signed evidence of what was decided, by whom, and what was read back from the cloud. It can be checked offline, years later, with `govboot verify`, or with gpg and sha256sum alone.',
      ),
      say(
        'The evidence is signed with the key that `--key` names. Its owner needs the role evidence in policies/trust.yaml. If nothing can be signed, nothing is begun (SIGNER).',
      ),
    ),
    section(
      'WHAT HAPPENS',
      say(
        'Before the first write to the cloud: every input is stored byte for byte, and an entry APPLY_STARTED is signed and added to the ledger. Each entry names the SHA-256 of the entry before it.',
      ),
      say(
        'While it works: a journal has a line before and after each step. If the run is cut off, `govboot apply --resume` goes on from there, and no other run may begin (RECOVERY_REQUIRED).',
      ),
      say(
        'At the end: every control is read back once more, the lock is written and signed, and with it the checkpoint and SHA256SUMS. From then on the backend is changed only by an intent that supersedes or corrects that very lock.',
      ),
      say('A refused or declined `apply` is an entry too, once there is a ledger.'),
      say(
        'Commit evidence/ and intents/. They are outside of the tagged tree on purpose, because they are made after the tag.',
      ),
    ),
    section(
      'WHERE IT OUTLIVES THIS MACHINE',
      say(
        'Where the policy has an evidence_store, `apply` stores the evidence there at its end. `govboot evidence push` does the same at any time, and with --to into a folder or another bucket. Every object is read back by its version, and a receipt is signed for what was seen: digest, version, and until when it is held. Nothing is overwritten.',
      ),
      say(
        'A store that is down fails no apply: what is pending is told (EVIDENCE_PENDING), and the next push completes it. `govboot evidence status` says whether the store still is as the receipts say: something newer hides a record (WORM_SHADOWED), it is not held, or for less long (WORM_WEAK), or it is something else (VAULT_CONFLICT). `govboot verify --store` reads every object besides, and `govboot evidence pull` fetches all of it into an empty folder.',
      ),
    ),
    section(
      'WHAT OTHERS VOUCH FOR',
      say(
        'An authority can say by when the entries were there: `govboot evidence stamp` writes the request (RFC 3161), and `evidence attach` puts the answer on record once it holds. Somebody with a key of their own can say which entries they saw: `govboot evidence statement` writes what they sign (in-toto, DSSE). Nothing is sent to anybody. `verify` believes those whom --tsa and --attestor name.',
      ),
    ),
    section(
      'WHAT IT DOES NOT PROVE',
      say(
        'Times are claimed by the host that wrote them, where no time stamp is over them. And a ledger whose tail was cut off, together with its checkpoint, looks whole: copy `checkpoint` to a place that you cannot rewrite, and give it to `verify --anchor`.',
      ),
    ),
    section(
      'EXAMPLES',
      code(
        'govboot verify dev',
        'govboot verify dev --anchor /media/safe/checkpoint',
        'govboot verify --from dev.tgz',
        'govboot prove dev --entry 3 --out ../dev-3.json',
        'govboot verify --proof ../dev-3.json',
        'govboot evidence push dev --to /mnt/worm --key alice.key',
        'govboot evidence status dev',
        'govboot evidence stamp dev --out ../dev.tsq',
        'govboot evidence attach dev ../dev.tsr --tsa ../tsa.pem',
        'govboot verify dev --tsa ../tsa.pem',
        'cd evidence/dev && sha256sum --check --strict SHA256SUMS',
        'gpg --verify .backend.lock.asc .backend.lock',
      ),
      say(
        'Evidence can be handed over as an archive: `tar -czf dev.tgz -C evidence dev`. `verify --from` reads it without unpacking it and needs no repository; who vouches for it are the pins of the machine that verifies, and nothing in the archive. `prove` makes one file out of one entry, for somebody who gets nothing else.',
      ),
      say(
        '`verify` ends with 0 when all of it is good, 8 when something is not, and 9 when something could not be judged.',
      ),
    ),
    section(
      'FILES',
      say('In evidence/ENVIRONMENT, and in evidence/rehearsal/ENVIRONMENT with --rehearse:'),
      list(
        ['ledger/NNNNNNNN.json', 'the entries, each with its signature; never changed'],
        ['blobs/sha256/DIGEST', 'every input and the plan, under its own digest; never changed'],
        ['keys/FINGERPRINT.asc', 'the public keys that are needed to check it'],
        ['runs/RUN/journal.jsonl', 'what a run began and ended'],
        ['.backend.lock', 'the lock in force, with its signatures'],
        ['receipts/SIZE.json', 'what a store was seen to hold, signed; never changed'],
        ['checkpoint', 'size and Merkle root of the ledger, signed'],
        ['SHA256SUMS', 'every other file, signed'],
      ),
    ),
  ],
  seeAlso: [
    'govboot verify --help',
    'govboot evidence push --help',
    'govboot help trust',
    'docs/verify-by-hand.md',
    'docs/formats.md',
    'docs/evidence-store.md',
    'docs/witnesses.md',
  ],
};
