/** Signatures and keys that were good enough once. */
import { gpgKey, gpgSign, jsKey, jsSign, makeGpgKey, putGpgKey, type Bench } from './bench.ts';
import { TIMES } from './studio.ts';

export async function weak(bench: Bench): Promise<void> {
  const { drafts, studio } = bench;
  const rsa = 'gpg-rsa3072';
  for (const [digest, name] of [
    ['MD5', 'MD5'],
    ['RIPEMD160', 'RIPEMD-160'],
    ['SHA1', 'SHA-1'],
    ['SHA224', 'SHA-224'],
  ] as const)
    drafts.push({
      ...{ id: digest.toLowerCase(), group: 'weak', what: `With ${name}.`, keys: [rsa] },
      ...gpgSign(bench, rsa, ['--digest-algo', digest, '--allow-weak-digest-algos']),
    });
  for (const [algorithm, name] of [
    ['rsa1024', 'An RSA key of 1024 bits.'],
    ['rsa2048', 'An RSA key of 2048 bits.'],
    ['dsa1024', 'A DSA key of 1024 bits.'],
    ['dsa2048', 'A DSA key of 2048 bits.'],
    ['secp256k1', 'A key on secp256k1.'],
    ['brainpoolP256r1', 'A key on brainpoolP256r1.'],
  ] as const) {
    const id = `gpg-${algorithm.toLowerCase()}`;
    gpgKey(bench, id, algorithm);
    drafts.push({ id: id.slice(4), group: 'weak', what: name, keys: [id], ...gpgSign(bench, id) });
  }
  const sha1 = await jsKey(bench, 'openpgpjs-sha1-self', { curve: 'nistP256', sha1SelfSignatures: true });
  drafts.push({
    ...{ id: 'sha1-self-signature', group: 'weak', keys: ['openpgpjs-sha1-self'] },
    what: 'The key vouches for itself with SHA-1.',
    ...(await jsSign(bench, sha1)),
  });
  for (const [id, primary, subkey, what] of [
    ['weak-subkey', 'ed25519', 'rsa1024', 'A subkey of RSA-1024 under an Ed25519 key.'],
    ['weak-primary', 'rsa1024', 'ed25519', 'An Ed25519 subkey under a key of RSA-1024.'],
  ] as const) {
    const key = `gpg-${id}`;
    const print = makeGpgKey(bench, key, primary, 'cert');
    studio.gpg(TIMES.key, ['--quick-add-key', print, subkey, 'sign', 'never']);
    putGpgKey(bench, key);
    drafts.push({ id, group: 'weak', what, keys: [key], ...gpgSign(bench, key) });
  }
}
