// A time-stamping authority and a signer that are nothing but openssl: what govboot asks them, what they answer, and what is then on record.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { requireOrSkip } from '../harness/capabilities.ts';
import { runCommand, type CliResult } from '../harness/cli.ts';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';
import { playApply } from '../harness/operator.ts';

const AUTHORITY = `[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = root.pem
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
signer_digest = sha256
`;

describe.skipIf(!requireOrSkip('openssl', 'time stamps and attestations by openssl'))(
  'witnesses',
  { timeout: 180_000 },
  () => {
    let governed: Governed;
    const at = (name: string): string => join(governed.folder, name);

    async function openssl(...args: readonly string[]): Promise<string> {
      const { code, stdout, stderr } = await runCommand('openssl', args, { cwd: governed.folder });
      expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
      return stdout;
    }
    const govboot = async (...args: readonly string[]): Promise<CliResult> =>
      governed.run(['--key', governed.keyFile('alice'), ...args, '--rehearse']);

    beforeAll(async () => {
      governed = await makeGoverned({ endpoint: null, env: { AWS_REGION: 'eu-central-1' } });
      const apply = ['--key', governed.keyFile('alice'), 'apply', 'dev', '--rehearse'];
      const played = await playApply([...governed.globals, ...apply], {
        cwd: governed.folder,
        env: governed.env,
        rows: 60,
      });
      expect(played.code).toBe(0);
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
      await openssl('req', '-x509', ...curve, '-keyout', 'root.key', '-out', 'root.pem', '-subj', '/CN=Root');
      await openssl(
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        'tsa.key',
        '-out',
        'tsa.csr',
        '-subj',
        '/CN=TSA',
      );
      writeFileSync(
        at('ext'),
        'extendedKeyUsage=critical,timeStamping\nbasicConstraints=critical,CA:false\n',
      );
      const issuer = ['-CA', 'root.pem', '-CAkey', 'root.key', '-set_serial', '7', '-extfile', 'ext'];
      await openssl('x509', '-req', '-in', 'tsa.csr', '-out', 'tsa.pem', ...issuer);
      writeFileSync(at('serial'), '01\n');
      writeFileSync(at('tsa.cnf'), AUTHORITY);
      await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'ci.key');
      await openssl('pkey', '-in', 'ci.key', '-pubout', '-out', 'ci.pub');
    });

    test('a time stamp', async () => {
      const asked = await govboot('evidence', 'stamp', 'dev', '--out', at('dev.tsq'));
      expect(asked.code).toBe(0);
      expect(asked.stdout).toContain('it was not sent');
      await openssl('ts', '-reply', '-queryfile', 'dev.tsq', '-config', 'tsa.cnf', '-out', 'answer.tsr');
      const attach = ['evidence', 'attach', 'dev', at('answer.tsr'), '--request', at('dev.tsq'), '--tsa'];
      const other = await govboot(...attach, at('tsa.csr'));
      expect(other).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('this one has CERTIFICATE REQUEST'),
      });
      const attached = await govboot(...attach, at('root.pem'));
      expect(attached.code).toBe(0);
      expect(attached.stdout).toMatch(
        /on record: ledger\/00000004\.json names the time stamp of CN=TSA over the first 4 entries/,
      );
      const verified = await govboot('verify', 'dev', '--tsa', at('root.pem'));
      expect(verified.code).toBe(0);
      expect(verified.stdout).toMatch(
        /^witness time stamp over the first 4 entries, there by .*, by CN=TSA, who was named/m,
      );
    });

    test('an attestation, by a signer that makes nothing but signatures', async () => {
      expect((await govboot('evidence', 'statement', 'dev', '--pae', '--out', at('dev.pae'))).code).toBe(0);
      await openssl('dgst', '-sha256', '-sign', 'ci.key', '-out', 'dev.sig', 'dev.pae');
      const attached = await govboot('evidence', 'attach', 'dev', at('dev.sig'), '--attestor', at('ci.pub'));
      expect(attached.code).toBe(0);
      expect(attached.stdout).toMatch(
        /on record: ledger\/00000005\.json names the attestation of [0-9a-f]{64} over the first 5 entries/,
      );
      const pins = ['--tsa', at('root.pem'), '--attestor', at('ci.pub')];
      const verified = await govboot('verify', 'dev', ...pins, '--json');
      expect(verified.code).toBe(0);
      const result = verified.stdout.split('\n').find((line) => line.includes('"type":"result"'))!;
      expect(JSON.parse(result).value.attachments).toMatchObject([
        { kind: 'time stamp', size: 4, status: 'pinned' },
        { kind: 'attestation', size: 5, status: 'pinned' },
      ]);
      const log = await govboot('log', 'dev');
      expect(log.stdout).toContain('attestation attached, over the first 5 entries');
    });

    test('another custodian’s key and another root are not believed', async () => {
      await openssl('pkey', '-in', 'tsa.key', '-pubout', '-out', 'other.pub');
      const verified = await govboot('verify', 'dev', '--attestor', at('other.pub'));
      expect(verified.code).toBe(9);
      expect(verified.stderr).toContain(
        'UNPINNED: no key that was named made a signature of this attestation',
      );
    });
  },
);
