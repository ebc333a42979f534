/** Programs in the place of verifiers, and signatures that some verifiers take for what they are not. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { projectRoot } from '../capabilities.ts';
import type { Forge } from '../forge.ts';
import { bytes, mpi, numbersOf, read, signatureFile, write, type Signature } from '../packet-surgery.ts';

const LIAR = join(projectRoot, 'test', 'fixtures', 'verifiers', 'liar.mjs');

/** `liar FOLDER TOOL MOOD`: a program of that name that lies (see liar.mjs), and leaves a canary in the folder of the script. */
const liar: Forge = ({ cwd, work }, [folder = '', tool = '', mood = '']) => {
  const place = join(cwd, folder);
  mkdirSync(place, { recursive: true });
  const script = `#!/bin/sh\ntouch '${join(work, 'canary')}'\nexec '${process.execPath}' '${LIAR}' ${tool} ${mood} "$@"\n`;
  writeFileSync(join(place, tool), script, { mode: 0o755 });
};

/** A change of the packet in a signature file. */
const operation =
  (change: (signature: Signature) => Signature): Forge =>
  async ({ cwd }, [file = '']) => {
    const path = join(cwd, file);
    const before = readFileSync(path, 'utf8');
    const after = signatureFile(write(change(await read(before))));
    if (after === before) throw new Error(`${file} is as it was`);
    writeFileSync(path, after);
  };

/** Order of the base point of edwards25519 (RFC 8032 §5.1). */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** `second-spelling FILE`: S of an Ed25519 signature becomes S + L, which is the same to a verifier that does not look. */
const secondSpelling = operation((signature) => {
  const [r, s] = numbersOf(signature.mpis) as [Uint8Array, Uint8Array];
  const little = Buffer.concat([new Uint8Array(32 - s.length), s]).reverse();
  const sum = (BigInt(`0x${little.toString('hex')}`) + L).toString(16).padStart(64, '0');
  return { ...signature, mpis: bytes(mpi(r), mpi(Buffer.from(sum, 'hex').reverse())) };
});

/** `digest-start FILE`: the first two bytes of the digest, which stand in the clear, are changed. */
const digestStart = operation((signature) => ({
  ...signature,
  left16: signature.left16.map((byte) => byte ^ 0xff),
}));

export const verifierForges: Readonly<Record<string, Forge>> = {
  liar,
  'second-spelling': secondSpelling,
  'digest-start': digestStart,
};
