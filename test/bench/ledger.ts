/** A ledger of any size with real signatures, made by a signer that is quicker than any tool: what is measured is who reads it. */
import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as openpgp from 'openpgp';
import { canonicalBytes } from '../../src/kernel/canonical.ts';
import { sha256 } from '../../src/kernel/digest.ts';
import { addSeconds, msOf, type Instant } from '../../src/kernel/time.ts';
import { readLedger } from '../../src/evidence/ledger.ts';
import { seal } from '../../src/evidence/seal.ts';
import { makeVerifier } from '../../src/world/verifier.ts';
import { makeScene, playApply } from '../harness/evidence-fixture.ts';
import { REPOSITORY } from '../harness/facts.ts';
import { memoryStore } from '../harness/memory-store.ts';
import { keyOfParty, realCast } from '../harness/real-crypto.ts';

export interface LargeLedger {
  /** The evidence of `dev`. */
  readonly folder: string;
  readonly pins: string;
}

/** @param entries of the ledger, its first apply counted */
export async function largeLedger(to: string, entries: number): Promise<LargeLedger> {
  const store = memoryStore();
  const cast = await realCast();
  const library = makeVerifier({ gpgvPath: null, sqvPath: null });
  const scene = makeScene({ store, cast, verifier: library });
  await playApply(scene);
  const alice = keyOfParty(cast.alice);
  const signer = await quickSigner(alice.privateArmored, alice.fingerprint);
  const ledger = await readLedger(store);
  let previous = ledger.head?.sha256 ?? null;
  let time: Instant = scene.clock.now();
  for (let seq = ledger.items.length; seq < entries; seq++) {
    time = addSeconds(time, 1);
    const bytes = canonicalBytes({
      schema: 'govboot.ledger-entry/v1',
      type: 'GATE_FAIL',
      mode: 'LIVE',
      refs: [],
      ...{ seq, time, prev_sha256: previous },
      actor: { fingerprint: alice.fingerprint },
      body: {
        run: `run-${String(seq)}`,
        intent: 'intents/dev.yaml',
        intent_sha256: null,
        findings: [
          { where: 'intent', code: 'INTENT_WINDOW', message: `refused for the ${String(seq)}th time` },
        ],
      },
    });
    const file = `ledger/${String(seq).padStart(8, '0')}.json`;
    store.files.set(`${file}.asc`, signer(bytes, time));
    store.files.set(file, bytes);
    previous = sha256(bytes);
  }
  scene.clock.advance(entries + 60);
  await seal(scene.deps);
  const folder = join(to, 'dev');
  for (const [name, bytes] of store.files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  const pins = join(to, 'pins', 'pins.json');
  mkdirSync(dirname(pins), { mode: 0o700 });
  writeFileSync(pins, pinsOf(cast.root.fingerprint), { mode: 0o600 });
  return { folder, pins };
}

function pinsOf(root: string): Uint8Array {
  const pin = {
    repository: REPOSITORY,
    path: null,
    roots: [root],
    threshold: 1,
    trust_version: 3,
    pinned_at: '2026-01-01T00:00:00Z',
  };
  return canonicalBytes({ schema: 'govboot.pins/v1', pins: [pin] });
}

/** Version 4 signatures over binary data with EdDSALegacy and SHA-256 (RFC 9580 §5.2.3), as GnuPG makes them. */
async function quickSigner(
  privateArmored: string,
  fingerprint: string,
): Promise<(data: Uint8Array, at: Instant) => Uint8Array> {
  const key = await openpgp.readPrivateKey({ armoredKey: privateArmored });
  const { seed } = (key.keyPacket as openpgp.SecretKeyPacket & { privateParams: unknown }).privateParams as {
    seed: Uint8Array;
  };
  const secret = keyOf(seed);
  const issuer = Buffer.from(fingerprint, 'hex');
  return (data, at) => {
    const made = Buffer.alloc(4);
    made.writeUInt32BE(msOf(at) / 1000);
    const hashedArea = Buffer.concat([Buffer.of(5, 2), made, Buffer.of(22, 33, 4), issuer]);
    const hashed = Buffer.concat([Buffer.of(4, 0, 22, 8, 0, hashedArea.length), hashedArea]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(hashed.length);
    const digest = createHash('sha256')
      .update(data)
      .update(hashed)
      .update(Buffer.of(4, 0xff))
      .update(length)
      .digest();
    const raw = sign(null, digest, secret);
    const body = Buffer.concat([
      hashed,
      Buffer.of(0, 10, 9, 16),
      issuer.subarray(12),
      digest.subarray(0, 2),
      mpi(raw.subarray(0, 32)),
      mpi(raw.subarray(32)),
    ]);
    const packet = Buffer.concat([Buffer.of(0xc2, body.length), body]);
    return Buffer.from(
      openpgp
        .armor(openpgp.enums.armor.signature, packet, undefined, undefined, undefined, true, PLAIN)
        .replaceAll('\r', ''),
    );
  };
}

const PLAIN = { ...openpgp.config, showVersion: false, showComment: false };

/** RFC 8410 §7: the seed inside of PKCS #8. */
function keyOf(seed: Uint8Array): KeyObject {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
}

/** RFC 9580 §3.2: how many bits, and no zeros in front. */
function mpi(number: Uint8Array): Buffer {
  const start = number.findIndex((byte) => byte !== 0);
  const bytes = Buffer.from(number.subarray(start));
  const bits = (bytes.length - 1) * 8 + (32 - Math.clz32(bytes[0] ?? 0));
  return Buffer.concat([Buffer.of(bits >> 8, bits & 0xff), bytes]);
}
