/** A time-stamping authority of the test's own (RFC 3161), which also answers as none should. Judged by openssl in stamps.test.ts. */
import { webcrypto } from 'node:crypto';
import * as asn1 from 'asn1js';
import * as pki from 'pkijs';

export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

export interface Answering {
  readonly time?: Date;
  readonly status?: number;
  /** Seconds. */
  readonly accuracy?: number;
  /** Hexadecimal, in the place of the one that was asked for. */
  readonly nonce?: string;
  /** What the signature says of the certificate that it is by. */
  readonly names?: 'it' | 'another' | 'none' | 'by SHA-1';
  /** Changes the content after it was signed. */
  readonly change?: (content: Uint8Array) => void;
  readonly without?: 'token' | 'certificate' | 'attributes';
  readonly signers?: number;
  readonly version?: number;
  readonly contentType?: string;
  readonly says?: string;
  readonly digest?: string;
}

export interface Authority {
  /** PEM of its root. */
  readonly root: Uint8Array;
  /** PEM of its own certificate. */
  readonly own: Uint8Array;
  answer(request: Uint8Array, how?: Answering): Promise<Uint8Array>;
}

export interface Founding {
  readonly name?: string;
  readonly usages?: readonly string[];
  readonly isCritical?: boolean;
  readonly from?: Date;
  readonly until?: Date;
  /** A certificate authority between the root and this one. */
  readonly isBelow?: boolean;
  readonly keys?: 'P-256' | 'P-384' | 'RSA 2048' | 'RSA 1024';
}

interface Party {
  readonly certificate: pki.Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** UTCTime, which certificates must use until then, ends with 2049 (RFC 5280 §4.1.2.5). */
const FROM = new Date('2020-01-01T00:00:00Z');
const UNTIL = new Date('2049-12-31T00:00:00Z');

export async function makeAuthority(founding: Founding = {}): Promise<Authority> {
  const { name = 'Test TSA', isBelow = false } = founding;
  const root = await certify({ name: 'Test Root', isCa: true }, null);
  const between = isBelow ? await certify({ name: 'Test CA', isCa: true }, root) : null;
  const own = await certify({ ...founding, name, isCa: false }, between ?? root);
  const chain = between === null ? [] : [between.certificate];
  return {
    root: pem(root.certificate),
    own: pem(own.certificate),
    answer: (request, how = {}) => answer(own, chain, request, how),
  };
}

async function certify(of: Founding & { name: string; isCa: boolean }, issuer: Party | null): Promise<Party> {
  const { from = FROM, until = UNTIL, keys = 'P-256' } = of;
  const pair = await generate(keys);
  const certificate = new pki.Certificate();
  certificate.version = 2;
  certificate.serialNumber = new asn1.Integer({ value: 1 + Math.floor(Math.random() * 1_000_000) });
  naming(certificate.subject, of.name);
  naming(certificate.issuer, issuer === null ? of.name : nameOf(issuer.certificate));
  certificate.notBefore.value = from;
  certificate.notAfter.value = until;
  await certificate.subjectPublicKeyInfo.importKey(pair.publicKey);
  const extension = (extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): pki.Extension =>
    new pki.Extension({ extnID, critical, extnValue: value.toBER() });
  const bits = new Uint8Array([of.isCa ? 0x06 : 0x80]);
  certificate.extensions = [
    extension('2.5.29.19', true, new pki.BasicConstraints({ cA: of.isCa }).toSchema()),
    extension('2.5.29.15', true, new asn1.BitString({ valueHex: bits.buffer, unusedBits: of.isCa ? 1 : 7 })),
    ...(of.isCa
      ? []
      : [
          extension(
            '2.5.29.37',
            of.isCritical ?? true,
            new pki.ExtKeyUsage({ keyPurposes: [...(of.usages ?? [TIME_STAMPING])] }).toSchema(),
          ),
        ]),
  ];
  await certificate.sign(issuer?.key ?? pair.privateKey, 'SHA-256');
  return { certificate, key: pair.privateKey };
}

async function generate(keys: NonNullable<Founding['keys']>): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = keys.startsWith('RSA')
    ? {
        name: 'RSASSA-PKCS1-v1_5',
        hash: 'SHA-256',
        modulusLength: Number(keys.slice(4)),
        publicExponent: new Uint8Array([1, 0, 1]),
      }
    : { name: 'ECDSA', namedCurve: keys };
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function naming(names: pki.RelativeDistinguishedNames, name: string): void {
  names.typesAndValues.push(
    new pki.AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1.Utf8String({ value: name }) }),
  );
}

function nameOf(certificate: pki.Certificate): string {
  return String(certificate.subject.typesAndValues[0]?.value.valueBlock.value);
}

function pem(certificate: pki.Certificate): Uint8Array {
  const text = Buffer.from(certificate.toSchema().toBER()).toString('base64');
  const lines = text.match(/.{1,64}/g)!.join('\n');
  return new TextEncoder().encode(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`);
}

async function answer(
  { certificate, key }: Party,
  chain: readonly pki.Certificate[],
  request: Uint8Array,
  how: Answering,
): Promise<Uint8Array> {
  const asked = pki.TimeStampReq.fromBER(request);
  const { status = 0, names = 'it', without, signers = 1 } = how;
  const said = new pki.PKIStatusInfo({ status });
  if (without === 'token') return der(new pki.TimeStampResp({ status: said }).toSchema());
  if (how.digest !== undefined)
    asked.messageImprint.hashAlgorithm = new pki.AlgorithmIdentifier({ algorithmId: how.digest });
  const nonce = how.nonce === undefined ? asked.nonce : integer(how.nonce);
  const content = der(
    new pki.TSTInfo({
      version: how.version ?? 1,
      policy: '1.2.3.4.1',
      messageImprint: asked.messageImprint,
      serialNumber: new asn1.Integer({ value: 42 }),
      genTime: how.time ?? new Date(),
      accuracy: new pki.Accuracy({ seconds: how.accuracy ?? 1 }),
      ...(nonce === undefined ? {} : { nonce }),
    }).toSchema(),
  );
  const signedAttrs = await attributes(certificate, content, names, how.says ?? '1.2.840.113549.1.9.16.1.4');
  const signer = (): pki.SignerInfo =>
    new pki.SignerInfo({
      version: 1,
      sid: new pki.IssuerAndSerialNumber({
        issuer: certificate.issuer,
        serialNumber: certificate.serialNumber,
      }),
      ...(without === 'attributes'
        ? {}
        : { signedAttrs: new pki.SignedAndUnsignedAttributes({ type: 0, attributes: signedAttrs }) }),
    });
  const signed = new pki.SignedData({
    version: 3,
    encapContentInfo: new pki.EncapsulatedContentInfo({
      eContentType: how.contentType ?? '1.2.840.113549.1.9.16.1.4',
      eContent: new asn1.OctetString({ valueHex: content.slice().buffer }),
    }),
    signerInfos: Array.from({ length: signers }, signer),
    certificates: without === 'certificate' ? [] : [certificate, ...chain],
  });
  for (let i = 0; i < signers; i++) await signed.sign(key, i, 'SHA-256');
  if (how.change !== undefined) {
    how.change(content);
    signed.encapContentInfo.eContent = new asn1.OctetString({ valueHex: content.slice().buffer });
  }
  const token = new pki.ContentInfo({
    contentType: pki.ContentInfo.SIGNED_DATA,
    content: signed.toSchema(true),
  });
  return der(new pki.TimeStampResp({ status: said, timeStampToken: token }).toSchema());
}

async function attributes(
  certificate: pki.Certificate,
  content: Uint8Array,
  names: NonNullable<Answering['names']>,
  says: string,
): Promise<pki.Attribute[]> {
  const own = new Uint8Array(certificate.toSchema().toBER());
  const digest = async (bytes: Uint8Array, name = 'SHA-256'): Promise<ArrayBuffer> =>
    webcrypto.subtle.digest(name, bytes.slice());
  const hash = async (): Promise<asn1.OctetString> =>
    new asn1.OctetString({ valueHex: await digest(names === 'another' ? content : own) });
  const list = (...value: asn1.BaseBlock[]): asn1.Sequence => new asn1.Sequence({ value });
  const ess = async (): Promise<pki.Attribute> =>
    names === 'by SHA-1'
      ? new pki.Attribute({
          type: '1.2.840.113549.1.9.16.2.12',
          values: [list(list(list(new asn1.OctetString({ valueHex: await digest(own, 'SHA-1') }))))],
        })
      : new pki.Attribute({
          type: '1.2.840.113549.1.9.16.2.47',
          values: [list(list(list(await hash())))],
        });
  return [
    new pki.Attribute({
      type: '1.2.840.113549.1.9.3',
      values: [new asn1.ObjectIdentifier({ value: says })],
    }),
    new pki.Attribute({
      type: '1.2.840.113549.1.9.4',
      values: [new asn1.OctetString({ valueHex: await digest(content) })],
    }),
    ...(names === 'none' ? [] : [await ess()]),
  ];
}

function integer(hex: string): asn1.Integer {
  return new asn1.Integer({ valueHex: new Uint8Array(Buffer.from(hex, 'hex')).buffer });
}

function der(block: { toBER(): ArrayBuffer }): Uint8Array {
  return new Uint8Array(block.toBER());
}
