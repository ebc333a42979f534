/**
 * Forgeries of keys and key files.
 *
 * person NAME ROLES OPTIONS...      a new person with a key of their own, in policies/trust.yaml and policies/keys; see people.ts
 * release TAG INTENT [REQUESTER]    what follows a change of policies: the root key signs the trust file where it changed; commit, tag,
 *                                   a new intent of that requester (alice), signed by them. `approver=NAME` signs it too
 * publish NAME FORM                 puts another form of a person's certificate into policies/keys: `revoked=REASON`, `at=SPAN`;
 *                                   `expired-since` moves the expiry to just after the evidence was signed; `twice=OTHER` adds a second certificate; `secret` publishes the
 *                                   private key; `subkey-revoked`; `extended-by=OTHER` has OTHER move the expiry; `as=NAME` another file
 * publish-modern NAME               the certificate of a version 6 key under that name
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as openpgp from 'openpgp';
import { splitPackets } from '../../../src/inputs/packets.ts';
import { runCli } from '../cli.ts';
import type { Forge, ForgeSite } from '../forge.ts';
import { commitAll, gitRepoAt, writeSignedTag } from '../git-fixture.ts';
import { armored, liar, packetBytes, signRaw, type TestKey } from '../keys.ts';
import { binaryOf, framed } from './packets.ts';
import { ago, keyOfPerson, letIn, onlyKnown, optionsOf } from './people.ts';

const TRUST = 'policies/trust.yaml';

const person: Forge = async (site, [name = '', roles = '', ...options]) => {
  await letIn(site, name, roles, options);
};

const release: Forge = async (site, [tag = '', intent = '', requester = 'alice', ...rest]) => {
  const options = optionsOf(rest);
  onlyKnown(options, ['approver']);
  const { root, keys } = site.governed;
  const repo = gitRepoAt(root);
  const trust = join(root, TRUST);
  if (repo.git(['status', '--porcelain', TRUST]) !== '') {
    writeFileSync(trust, readFileSync(trust, 'utf8').replace(/^version: 1$/m, 'version: 2'));
    writeFileSync(`${trust}.asc`, await keys.root.sign(readFileSync(trust)));
  }
  commitAll(repo, `Release ${tag}`);
  await writeSignedTag(repo, {
    name: tag,
    message: `Release ${tag}`,
    sign: (payload) => keys.alice.sign(payload),
  });
  const by = keyOfPerson(site, requester);
  const said = await runCli(
    ['intent', 'new', 'dev', '--tag', tag, '--action', 'supersede', '--rehearse', '--out', intent].concat([
      '--reason',
      'change dev',
      '--ticket',
      'OPS-2',
      '--requester',
      by.fingerprint,
    ]),
    { cwd: root, env: site.env },
  );
  if (said.code !== 0) throw new Error(`the intent was not written:\n${said.stdout}${said.stderr}`);
  const bytes = readFileSync(join(root, intent));
  writeFileSync(join(root, `${intent}.asc`), await by.sign(bytes));
  const approver = options.get('approver');
  if (approver === undefined) return;
  const second = keyOfPerson(site, approver);
  writeFileSync(join(root, `${intent}.${second.fingerprint}.asc`), await second.sign(bytes));
};

const publish: Forge = async (site, [name = '', ...rest]) => {
  const options = optionsOf(rest);
  onlyKnown(options, ['revoked', 'at', 'expired-since', 'twice', 'secret', 'subkey-revoked', 'extended-by']);
  const key = keyOfPerson(site, name);
  const text = await formOf(site, key, options);
  writeFileSync(join(site.governed.root, key.file().path), text);
};

async function formOf(site: ForgeSite, key: TestKey, options: ReadonlyMap<string, string>): Promise<string> {
  const at = ago(options.get('at') ?? '10s');
  const [reason, twice, by] = ['revoked', 'twice', 'extended-by'].map((option) => options.get(option));
  if (reason !== undefined) return key.revoked(reason as Parameters<TestKey['revoked']>[0], at);
  if (options.has('expired-since')) return expiredSince(site, key);
  if (twice !== undefined)
    return armored(
      'publicKey',
      Buffer.concat([key.publicArmored, keyOfPerson(site, twice).publicArmored].map(binaryOf)),
    );
  if (options.has('secret')) return key.privateArmored;
  if (options.has('subkey-revoked')) return key.subkeyRevoked(at);
  if (by !== undefined) return extendedBy(key, keyOfPerson(site, by), at);
  throw new Error('publish wants a form');
}

/** Expired three seconds after the last entry of the ledger, and published by then; it waits until that is so. */
async function expiredSince({ governed }: ForgeSite, key: TestKey): Promise<string> {
  const ledger = join(governed.root, 'evidence', 'rehearsal', 'dev', 'ledger');
  const last =
    readdirSync(ledger)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .at(-1) ?? '';
  const { time } = JSON.parse(readFileSync(join(ledger, last), 'utf8')) as { time: string };
  const end = Date.parse(time) + 3_000;
  while (Date.now() < end + 1_000) await setTimeout(100);
  const { keyPacket } = await openpgp.readKey({ armoredKey: key.publicArmored });
  return key.extended(Math.round((end - keyPacket.created.getTime()) / 1000), new Date(end - 1_000));
}

/** A self-signature without an expiry, made by somebody else's key in the name of this one. */
async function extendedBy(key: TestKey, other: TestKey, at: Date): Promise<string> {
  const certificate = await openpgp.readKey({ armoredKey: key.publicArmored });
  const forger = await openpgp.readPrivateKey({ armoredKey: other.privateArmored });
  const user = certificate.users[0];
  if (user?.userID == null) throw new Error('the key has no user id');
  const bound = { userID: user.userID, key: certificate.keyPacket };
  const claimed = liar(forger.keyPacket, key.fingerprint) as { getKeyID(): unknown };
  Object.assign(claimed, { getKeyID: () => certificate.getKeyID() });
  const forged = await signRaw(claimed, forger.keyPacket.algorithm, bound, at, {
    signatureType: openpgp.enums.signature.certPositive,
    keyFlags: [openpgp.enums.keyFlags.certifyKeys | openpgp.enums.keyFlags.signData],
    keyNeverExpires: true,
  });
  const [primary, id, ...own] = splitPackets(binaryOf(key.publicArmored), 'BUG');
  if (primary === undefined || id === undefined) throw new Error('the certificate is empty');
  // Newest first and last: whichever of them a reader takes, the forged one is there.
  const whole = [primary, id].map(({ tag, body }) => framed(tag, body));
  const rest = own.map(({ tag, body }) => framed(tag, body));
  const extra = packetBytes([forged]);
  return armored('publicKey', Buffer.concat([...whole, extra, ...rest, extra]));
}

/** A key of version 6 (RFC 9580 §5.5.2.3): OpenPGP.js knows it, GnuPG does not. */
const publishModern: Forge = async (site, [name = '']) => {
  const { privateKey } = await openpgp.generateKey({
    type: 'curve25519',
    userIDs: { name, email: `${name}@example.com` },
    subkeys: [],
    format: 'object',
    config: { ...openpgp.config, v6Keys: true, showVersion: false, showComment: false },
  });
  const key = keyOfPerson(site, name);
  const path = join(site.governed.root, key.file().path);
  rmSync(path);
  writeFileSync(path, armored('publicKey', privateKey.toPublic().write()));
};

export const keyForges: Readonly<Record<string, Forge>> = {
  person,
  release,
  publish,
  'publish-modern': publishModern,
};
