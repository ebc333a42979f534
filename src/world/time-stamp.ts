/**
 * RFC 3161: a request is made, a response is taken apart. PKI.js parses it and finds the way to a root; who signed what is checked here, by
 * node:crypto, because PKI.js wants the stamped data first and tells of a wrong signature without an error. Loaded only for a time stamp.
 */
import { createHash, verify, X509Certificate } from 'node:crypto';
import {
  Certificate,
  CertificateChainValidationEngine,
  IssuerAndSerialNumber,
  SignedData,
  TimeStampReq,
  TimeStampResp,
  TSTInfo,
  checkCA,
  type SignerInfo,
} from 'pkijs';
import { sha256, type Sha256 } from '../kernel/digest.ts';
import { clip, safe } from '../kernel/text.ts';
import { instantFromMs } from '../kernel/time.ts';
import type { StampFacts } from '../inputs/stamp.ts';

/** TimeStampReq up to the imprint: version 1, SHA-256 with its NULL parameters, 32 octets to come (RFC 3161 §2.4.1). */
const REQUEST_HEAD = '304c' + '020101' + '3031300d06096086480165030402010500' + '0420';
/** Nonce of 17 octets, the first of which keeps it positive, then certReq TRUE. */
const NONCE_HEAD = '021101';
const REQUEST_TAIL = '0101ff';

/** @param nonce 32 hexadecimal characters */
export function requestBytes(imprint: Sha256, nonce: string): Uint8Array {
  return new Uint8Array(Buffer.from(`${REQUEST_HEAD}${imprint}${NONCE_HEAD}${nonce}${REQUEST_TAIL}`, 'hex'));
}

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** FIPS 180-4, by their object identifiers (RFC 5754 §2). */
const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Signatures by what they are computed over; rsaEncryption leaves that to the digest of the signer (RFC 5754 §3). */
const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};
const RSA = '1.2.840.113549.1.1.1';

/** A node of ASN.1 as the library has it; its own types leave the content open. */
interface Node {
  readonly idBlock: { readonly tagNumber: number };
  readonly valueBlock: {
    readonly value?: readonly Node[];
    readonly valueHexView?: Uint8Array;
    toString(): string;
  };
}

/** @throws Error for what is no response, or none that holds a stamp */
export async function stampFacts(
  response: Uint8Array,
  pinned: readonly Uint8Array[] | null,
  request: Uint8Array | null,
): Promise<StampFacts> {
  assertWhole(response);
  const { status, timeStampToken: token } = TimeStampResp.fromBER(response);
  if (token?.contentType !== OID.signedData)
    throw new Error(`it holds no time stamp: the authority answered with status ${String(status.status)}`);
  const signed = new SignedData({ schema: token.content as unknown });
  const { eContentType, eContent } = signed.encapContentInfo;
  if (eContentType !== OID.tstInfo || eContent === undefined)
    throw new Error('it holds something else than a time stamp');
  const content = new Uint8Array(eContent.getValue());
  const info = TSTInfo.fromBER(content);
  if (info.version !== 1) throw new Error(`it is of version ${String(info.version)}`);
  const { signer, certificate, others } = signerOf(signed);
  const raw = rawOf(certificate);
  const x509 = new X509Certificate(raw);
  const path = await pathOf(certificate, others, pinned, info.genTime);
  const { seconds = 0, millis = 0, micros = 0 } = info.accuracy ?? {};
  return {
    status: status.status,
    imprint: {
      algorithm: algorithmName(info.messageImprint.hashAlgorithm.algorithmId),
      digest: hexOf(info.messageImprint.hashedMessage),
    },
    time: instantFromMs(info.genTime.getTime()),
    accuracy: seconds + (millis + micros > 0 ? 1 : 0),
    policy: info.policy,
    serial: numberOf(info.serialNumber) ?? '0',
    nonce: numberOf(info.nonce),
    request: request === null ? null : requestFacts(request),
    authority: { subject: subjectOf(x509), sha256: sha256(raw), ...usageOf(certificate) },
    weak: [
      ...weakSigner(signer),
      ...[x509, ...path.between].flatMap(weakKey),
      ...[certificate, ...path.signed].flatMap(weakSignature),
    ],
    isSigned: isSigned(signer, content, x509),
    names: namedBy(signer, raw),
    chain: path.chain,
  };
}

/** A response is one element and nothing after it: what follows would be read by nobody, and be there all the same. */
function assertWhole(bytes: Uint8Array): void {
  const [tag = 0, first = 0] = bytes;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  const length =
    octets === 0 ? first : bytes.subarray(2, 2 + octets).reduce((sum, byte) => sum * 256 + byte, 0);
  if (tag !== 0x30 || octets > 3 || first === 0x80 || 2 + octets + length !== bytes.length)
    throw new Error('it is no answer of a time-stamping authority (DER of a TimeStampResp)');
}

function signerOf(signed: SignedData): {
  readonly signer: SignerInfo;
  readonly certificate: Certificate;
  readonly others: readonly Certificate[];
} {
  const [signer, second] = signed.signerInfos;
  // RFC 3161 §2.4.2: no signature but that of the authority.
  if (signer === undefined || second !== undefined)
    throw new Error(`it has ${String(signed.signerInfos.length)} signatures, not 1`);
  const certificates = (signed.certificates ?? []).filter((each) => each instanceof Certificate);
  const { sid } = signer as { readonly sid: unknown };
  if (!(sid instanceof IssuerAndSerialNumber))
    throw new Error('it does not name its signer by issuer and serial number');
  const certificate = certificates.find(
    (each) => each.issuer.isEqual(sid.issuer) && each.serialNumber.isEqual(sid.serialNumber),
  );
  if (certificate === undefined)
    throw new Error('the certificate of its authority is not in it: ask for it (`openssl ts -query -cert`)');
  return { signer, certificate, others: certificates.filter((each) => each !== certificate) };
}

function isSigned(signer: SignerInfo, content: Uint8Array, x509: X509Certificate): boolean {
  const digest = DIGESTS[signer.digestAlgorithm.algorithmId];
  const algorithm = signer.signatureAlgorithm.algorithmId;
  const hash = algorithm === RSA ? digest : SIGNATURES[algorithm];
  const attributes = signer.signedAttrs;
  if (digest === undefined || hash === undefined || attributes === undefined) return false;
  const [type, imprint] = [OID.contentType, OID.messageDigest].map((oid) => attributeOf(signer, oid));
  if (type?.valueBlock.toString() !== OID.tstInfo || imprint === null || imprint === undefined) return false;
  if (hexOf(imprint) !== createHash(digest).update(content).digest('hex')) return false;
  // As a SET, which is what was signed (RFC 5652 §5.4).
  return verify(
    hash,
    new Uint8Array(attributes.encodedValue),
    x509.publicKey,
    new Uint8Array(signer.signature.valueBlock.valueHexView),
  );
}

/** The one value of the one signed attribute of this type. */
function attributeOf(signer: SignerInfo, oid: string): Node | null {
  const found = (signer.signedAttrs?.attributes ?? []).filter(({ type }) => type === oid);
  const values = (found[0]?.values ?? []) as readonly Node[];
  return found.length === 1 && values.length === 1 ? (values[0] ?? null) : null;
}

/** SigningCertificateV2 (RFC 5035 §3): the first of its certificates is the signer's, by SHA-256 where it names no other. */
function namedBy(signer: SignerInfo, raw: Uint8Array): StampFacts['names'] {
  const [first] =
    attributeOf(signer, OID.signingCertificateV2)?.valueBlock.value?.[0]?.valueBlock.value ?? [];
  const [one, two] = first?.valueBlock.value ?? [];
  if (one === undefined) return 'none';
  const isDefault = one.idBlock.tagNumber === 4;
  const digest = isDefault ? 'sha256' : DIGESTS[one.valueBlock.value?.[0]?.valueBlock.toString() ?? ''];
  const hash = isDefault ? one : two;
  if (digest === undefined || hash === undefined) return 'none';
  return hexOf(hash) === createHash(digest).update(raw).digest('hex') ? 'it' : 'another';
}

function usageOf(certificate: Certificate): Pick<StampFacts['authority'], 'usages' | 'isCritical'> {
  const found = certificate.extensions?.find(({ extnID }) => extnID === OID.extendedKeyUsage);
  const { keyPurposes = [] } = (found?.parsedValue ?? {}) as { readonly keyPurposes?: readonly string[] };
  return { usages: keyPurposes, isCritical: found?.critical === true };
}

interface Path {
  readonly chain: StampFacts['chain'];
  /** The keys on the way, the root's among them. */
  readonly between: readonly X509Certificate[];
  /** Certificates on the way whose signature counts: all but the root. */
  readonly signed: readonly Certificate[];
}

/** As of the time of the stamp: a certificate that ended since vouched well for what it stamped before. */
async function pathOf(
  signer: Certificate,
  others: readonly Certificate[],
  pinned: readonly Uint8Array[] | null,
  at: Date,
): Promise<Path> {
  if (pinned === null) return { chain: { is: 'not asked' }, between: [], signed: [] };
  // Somebody who names the certificate itself asks for no way to it; the library looks for a root above.
  const own = Buffer.from(rawOf(signer));
  if (pinned.some((raw) => own.equals(raw)) && signer.notBefore.value <= at && at <= signer.notAfter.value)
    return { chain: { is: 'pinned', root: sha256(own) }, between: [], signed: [] };
  const engine = new CertificateChainValidationEngine({
    trustedCerts: pinned.map((raw) => Certificate.fromBER(raw)),
    certs: [...others.filter((each) => checkCA(each, signer) !== null), signer],
    checkDate: at,
  });
  const { result, resultMessage, certificatePath = [] } = await engine.verify();
  const root = certificatePath.at(-1);
  if (!result || root === undefined)
    return { chain: { is: 'unpinned', why: clip(safe(resultMessage), 200) }, between: [], signed: [] };
  const between = certificatePath.slice(1).map((each) => new X509Certificate(rawOf(each)));
  return {
    chain: { is: 'pinned', root: sha256(rawOf(root)) },
    between,
    signed: certificatePath.slice(1, -1),
  };
}

function weakSigner({ digestAlgorithm, signatureAlgorithm }: SignerInfo): string[] {
  const { algorithmId } = signatureAlgorithm;
  return [
    ...(DIGESTS[digestAlgorithm.algorithmId] === undefined ? [`digest ${digestAlgorithm.algorithmId}`] : []),
    ...(algorithmId !== RSA && SIGNATURES[algorithmId] === undefined ? [`signature ${algorithmId}`] : []),
  ];
}

function weakSignature({ signatureAlgorithm: { algorithmId } }: Certificate): string[] {
  return SIGNATURES[algorithmId] === undefined ? [`signature ${algorithmId} on a certificate`] : [];
}

function weakKey({
  publicKey: { asymmetricKeyType: type, asymmetricKeyDetails: details },
}: X509Certificate): string[] {
  if (type === 'ec') {
    const curve = details?.namedCurve ?? 'unknown';
    return ['prime256v1', 'secp384r1', 'secp521r1'].includes(curve) ? [] : [`curve ${curve}`];
  }
  const bits = details?.modulusLength ?? 0;
  return type === 'rsa' && bits >= 2_048 ? [] : [`key ${type ?? 'unknown'} ${String(bits)}`];
}

function requestFacts(request: Uint8Array): NonNullable<StampFacts['request']> {
  assertWhole(request);
  const { messageImprint, nonce } = TimeStampReq.fromBER(request);
  return { digest: hexOf(messageImprint.hashedMessage), nonce: numberOf(nonce) };
}

function subjectOf({ subject }: X509Certificate): string {
  return clip(safe(subject.split('\n').join(', ')), 200);
}

function algorithmName(oid: string): string {
  return DIGESTS[oid] === 'sha256' ? 'SHA-256' : oid;
}

function rawOf(certificate: Certificate): Uint8Array {
  return new Uint8Array(certificate.toSchema().toBER());
}

function hexOf(node: unknown): string {
  return Buffer.from((node as Node).valueBlock.valueHexView ?? []).toString('hex');
}

/** Without zeros in front, so that two spellings of one number compare. */
function numberOf(node: unknown): string | null {
  return node === undefined ? null : hexOf(node).replace(/^(?:00)+(?=.)/, '');
}
