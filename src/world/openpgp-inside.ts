/**
 * Whether bytes were signed with a key, by OpenPGP.js and nothing around it: the packet is read, hashed and held against the key that it
 * names. Whether that key may sign, and could at that time, is left to those who know its facts (gates/signature.ts). Each certificate is
 * read once: no self-signature is judged here, so there is nothing that the library could remember of another date.
 */
import type * as OpenPgp from 'openpgp';
import { messageOf } from '../kernel/errors.ts';
import { instantFromMs } from '../kernel/time.ts';
import { splitPackets } from '../inputs/packets.ts';
import { classify, critical, isAccepted, loadLibrary, printOf, strict, timeProblem } from './openpgp.ts';
import type { Library, Question, Says } from './openpgp.ts';

type Part = OpenPgp.Key | OpenPgp.Subkey;

/** The parts of a certificate by fingerprint; kept as long as its bytes are. */
const parts = new WeakMap<Uint8Array, Promise<ReadonlyMap<string, Part>>>();

/** What OpenPGP.js says of the bytes of one signature. */
export async function openpgpSaysInside(question: Question): Promise<Says> {
  const { packet, certificate, at, data, binary } = question;
  const bad = (problem: Extract<Says, { is: 'bad' }>['problem']): Says => ({ is: 'bad', problem });
  const untimely = timeProblem(packet, at);
  if (untimely !== null) return bad(untimely);
  if (packet.unknownCritical.length > 0) return bad(critical(packet));
  const openpgp = await loadLibrary();
  const config = strict(openpgp);
  try {
    const known = parts.get(certificate.binary) ?? partsOf(openpgp, certificate.binary);
    parts.set(certificate.binary, known);
    const key = (await known).get(packet.issuerFingerprint);
    if (key === undefined)
      return bad({ code: 'KEY_INVALID', wrong: `the certificate has no key ${packet.issuerFingerprint}` });
    if (!isAccepted(key))
      return bad({ code: 'SIG_WEAK', wrong: `key ${packet.issuerFingerprint} is too weak` });
    const signature = signatureIn(openpgp, binary, config);
    const { signature: types } = openpgp.enums;
    // Detached: over the bytes alone. Time is judged above, by the packet as our own parser read it, which must be the same.
    await signature.verify(key.keyPacket, types.binary, literal(openpgp, data), null as never, true, config);
    const created = instantFromMs(signature.created?.getTime() ?? 0);
    if (created !== packet.created || signature.signatureType !== types.binary)
      return bad({ code: 'SIG_BAD', wrong: `dated ${created}, or of a type, which the packet does not say` });
    return {
      is: 'good',
      primary: certificate.facts.fingerprint,
      signingKey: packet.issuerFingerprint,
      created,
    };
  } catch (error) {
    return bad(classify(messageOf(error), question));
  }
}

async function partsOf(openpgp: Library, binaryKey: Uint8Array): Promise<ReadonlyMap<string, Part>> {
  const key = await openpgp.readKey({ binaryKey, config: strict(openpgp) });
  return new Map(key.getKeys().map((part) => [printOf(part), part]));
}

/** The one packet, without the library's reading of streams, which takes longer than the signature itself. */
function signatureIn(openpgp: Library, binary: Uint8Array, config: OpenPgp.Config): OpenPgp.SignaturePacket {
  const [only] = splitPackets(binary, 'SIG_FORMAT');
  // The library has `read`, and its types do not tell.
  const packet = new openpgp.SignaturePacket() as OpenPgp.SignaturePacket & {
    read(bytes: Uint8Array, config: OpenPgp.Config): void;
  };
  packet.read(only?.body ?? new Uint8Array(), config);
  return packet;
}

function literal(openpgp: Library, data: Uint8Array): OpenPgp.LiteralDataPacket {
  const packet = new openpgp.LiteralDataPacket();
  const { setBytes } = packet as unknown as {
    setBytes: (bytes: Uint8Array, format: OpenPgp.enums.literal) => void;
  };
  setBytes.call(packet, data, openpgp.enums.literal.binary);
  return packet;
}
