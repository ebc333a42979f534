/** Signatures and keys before their time and after it, and keys that were revoked. */
import { splitPackets } from '../../../src/inputs/packets.ts';
import {
  certificate,
  changed,
  gpgExport,
  gpgSign,
  gpgSignAt,
  jsKey,
  jsSign,
  makeGpgKey,
  packetsOf,
  putGpgKey,
  putKey,
  type Bench,
} from './bench.ts';
import { packet, signatureFile, unarmored } from '../../harness/packet-surgery.ts';
import { TIMES } from './studio.ts';

const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
const DAY = 86_400;

export async function times(bench: Bench): Promise<void> {
  await dates(bench);
  extended(bench);
  await keptSelfSignature(bench);
  await revocations(bench);
  await revokedSubkeys(bench);
}

async function dates(bench: Bench): Promise<void> {
  const { drafts, studio } = bench;
  const key = 'gpg-ed25519';
  drafts.push({
    ...{ id: 'expired-signature', group: 'time', what: 'The signature ended on 2026-01-22.', keys: [key] },
    ...gpgSign(bench, key, ['--default-sig-expire', '20d']),
  });
  drafts.push({
    ...{ id: 'dated-2040', group: 'time', what: 'Dated 2040.', keys: [key], holdsUntil: '2040-01-01' },
    ...gpgSignAt(bench, day('2040-01-01'), key),
  });
  const js = await jsKey(bench, 'openpgpjs-of-2026');
  drafts.push({
    ...{ id: 'older-than-its-key', group: 'time', what: 'Dated a year before its key was made.' },
    keys: ['openpgpjs-of-2026'],
    ...(await jsSign(bench, js, { at: day('2025-01-01') })),
  });
  makeGpgKey(bench, 'gpg-expired', 'ed25519', 'sign', '2026-02-01');
  putGpgKey(bench, 'gpg-expired');
  drafts.push({
    ...{ id: 'key-expired-since', group: 'time', keys: ['gpg-expired'] },
    what: 'The key signed while it was valid, and expired on 2026-02-01.',
    ...gpgSign(bench, 'gpg-expired'),
  });
  const late = await jsKey(bench, 'openpgpjs-expired', { expiresInSeconds: 31 * DAY });
  drafts.push({
    ...{ id: 'key-had-expired', group: 'time', keys: ['openpgpjs-expired'] },
    what: 'The key had expired when it signed.',
    ...(await jsSign(bench, late, { at: day('2026-02-10') })),
  });
  const print = makeGpgKey(bench, 'gpg-subkey-expired', 'ed25519', 'cert');
  studio.gpg(TIMES.key, ['--quick-add-key', print, 'ed25519', 'sign', '2026-02-01']);
  putGpgKey(bench, 'gpg-subkey-expired');
  drafts.push({
    ...{ id: 'subkey-expired-since', group: 'time', keys: ['gpg-subkey-expired'] },
    what: 'The subkey signed while it was valid, and expired on 2026-02-01.',
    ...gpgSign(bench, 'gpg-subkey-expired'),
  });
}

/** gpg replaces the self-signature, so the certificate does not say any more that the key was valid when it signed. */
function extended(bench: Bench): void {
  const id = 'gpg-extended';
  const print = makeGpgKey(bench, id, 'ed25519', 'sign', '2026-02-01');
  const made = gpgSign(bench, id);
  bench.studio.gpg(day('2026-02-15'), ['--quick-set-expire', print, '2080-01-01']);
  putGpgKey(bench, id);
  bench.drafts.push({
    ...{ id: 'key-extended-since', group: 'time', keys: [id], ...made, holdsUntil: '2080-01-01' },
    what: 'The key signed, expired, and was extended by gpg, which replaced its self-signature.',
  });
}

/** Both self-signatures are kept, as after merging an old and a new certificate. */
async function keptSelfSignature(bench: Bench): Promise<void> {
  const id = 'openpgpjs-extended';
  const key = await jsKey(bench, 'openpgpjs-before-extension', { expiresInSeconds: 31 * DAY });
  const newer = await packetsOf(await key.extended(400 * DAY * 50, day('2026-02-15')));
  const both = certificate(...(await packetsOf(key.publicArmored)), newer[2]!);
  putKey(bench, id, `${key.fingerprint}.asc`, both, [
    'OpenPGP.js: key openpgpjs-before-extension, its expiry moved on 2026-02-15',
    'by hand: the older self-signature kept before the newer one, as an import merges them',
  ]);
  bench.drafts.push({
    ...{ id: 'key-extended-both-kept', group: 'time', keys: [id], holdsUntil: '2080-01-01' },
    what: 'The key signed, expired, and was extended; both self-signatures are in the certificate.',
    ...(await jsSign(bench, key)),
  });
  bench.drafts.push({
    ...{ id: 'key-extended-signed-between', group: 'time', keys: [id], holdsUntil: '2080-01-01' },
    what: 'The same key, and it signed after it had expired and before it was extended.',
    ...(await jsSign(bench, key, { at: day('2026-02-10') })),
  });
}

/** Numbers of gpg's menu (RFC 9580 §5.2.3.31 counts superseded as 1 and compromised as 2). */
const REASONS = { 'no-reason': 0, compromised: 1, superseded: 2, retired: 3 } as const;

async function revocations(bench: Bench): Promise<void> {
  const { studio, drafts } = bench;
  const id = 'gpg-ed25519';
  const print = studio.print(`${id}@example.org`);
  const before = gpgExport(studio, id);
  studio.steps();
  const revoke = (number: number, at: Date): Buffer =>
    studio.gpg(at, ['--command-fd', '0', '--gen-revoke', print], `y\n${String(number)}\ntest\n\ny\n`);
  const put = async (key: string, number: number, at: Date): Promise<void> => {
    // gpg calls the file a public key block; it holds the revocation signature alone.
    const [revocation] = splitPackets(await unarmored(revoke(number, at)), 'BUG');
    const [primary, ...rest] = await packetsOf(before);
    const made = [...studio.steps(), `answered: y, ${String(number)}, test, y`, AS_IMPORT];
    putKey(bench, key, `${print}.asc`, certificate(primary!, packet(2, revocation!.body), ...rest), made);
  };
  for (const [reason, number] of Object.entries(REASONS)) {
    await put(`gpg-${reason}`, number, day('2026-02-01'));
    drafts.push({
      ...{ id: `key-${reason}-since`, group: 'revoked', keys: [`gpg-${reason}`] },
      what: `The key was revoked after it signed: ${reason.replace('-', ' ')}.`,
      ...gpgSign(bench, id),
    });
  }
  await put('gpg-superseded-before', REASONS.superseded, new Date('2026-01-01T12:00:00Z'));
  drafts.push({
    ...{ id: 'key-superseded-before', group: 'revoked', keys: ['gpg-superseded-before'] },
    what: 'The key had been superseded when it signed.',
    ...gpgSign(bench, id),
  });
  await foreignRevocation(bench, before, print);
}

const AS_IMPORT = 'by hand: put behind the primary key, as gpg --import does';

async function foreignRevocation(bench: Bench, before: string, print: string): Promise<void> {
  const mallory = await jsKey(bench, 'openpgpjs-mallory');
  const [, theirs] = await packetsOf(await mallory.revoked('compromised', day('2026-02-01')));
  const [primary, ...rest] = await packetsOf(before);
  putKey(bench, 'gpg-foreign-revocation', `${print}.asc`, certificate(primary!, theirs!, ...rest), [
    'OpenPGP.js: the key openpgpjs-mallory revokes itself as compromised',
    'by hand: its revocation put behind the primary key gpg-ed25519',
  ]);
  bench.drafts.push({
    ...{ id: 'key-revoked-by-another', group: 'revoked', keys: ['gpg-foreign-revocation'] },
    what: "Somebody else's revocation was put into the certificate; it revokes nothing.",
    ...gpgSign(bench, 'gpg-ed25519'),
  });
  const signature = signatureFile(theirs!);
  bench.drafts.push({
    ...{ id: 'revocation-as-signature', group: 'packet', keys: ['openpgpjs-mallory'], forged: true },
    what: 'A key revocation in place of a signature.',
    ...changed({ signature, made: [] }, signature, 'OpenPGP.js: the key openpgpjs-mallory revokes itself'),
  });
}

async function revokedSubkeys(bench: Bench): Promise<void> {
  const key = await jsKey(bench, 'openpgpjs-subkey-before', { signingSubkey: true });
  const cases = [
    ['subkey-superseded-since', day('2026-02-01'), 'The subkey was superseded after it signed.'],
    [
      'subkey-superseded-before',
      new Date('2026-01-01T12:00:00Z'),
      'The subkey had been superseded when it signed.',
    ],
  ] as const;
  for (const [id, at, what] of cases) {
    putKey(bench, id, `${key.fingerprint}.asc`, await key.subkeyRevoked(at), [
      `OpenPGP.js: key openpgpjs-subkey-before, its subkey revoked as superseded at ${at.toISOString()}`,
    ]);
    bench.drafts.push({ id, group: 'revoked', what, keys: [id], ...(await jsSign(bench, key)) });
  }
}
