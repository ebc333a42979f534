/** What the vectors are put on while they are made. */
import * as openpgp from 'openpgp';
import { armored, makeKey, type KeySpec, type SignSpec, type TestKey } from '../../harness/keys.ts';
import type { Group } from '../../harness/verifier-table.ts';
import { splitPackets } from '../../../src/inputs/packets.ts';
import { bytes, packet, unarmored, utf8 } from '../../harness/packet-surgery.ts';
import { TIMES, type Studio } from './studio.ts';

export interface Draft {
  readonly id: string;
  readonly group: Group;
  readonly what: string;
  /** The document if left out. */
  readonly data?: string;
  readonly signature: string | Uint8Array;
  readonly keys: readonly string[];
  readonly made: readonly string[];
  readonly forged?: true;
  readonly holdsUntil?: string;
}

export interface KeyFile {
  readonly name: string;
  readonly content: string;
  readonly made: readonly string[];
}

export interface Bench {
  readonly studio: Studio;
  readonly documents: Map<string, Uint8Array>;
  readonly keys: Map<string, KeyFile>;
  readonly drafts: Draft[];
}

export const DOCUMENT = 'document.txt';

export function makeBench(studio: Studio): Bench {
  const text = 'The backend of dev shall be created.\nTicket OPS-1.\n';
  const documents = new Map<string, Uint8Array>([
    [DOCUMENT, utf8(text)],
    ['crlf.txt', utf8(text.replaceAll('\n', '\r\n'))],
    ['changed.txt', utf8(text.replace('dev', 'prd'))],
    ['longer.txt', utf8(`${text}\n`)],
    ['empty.txt', new Uint8Array()],
    ['binary.bin', Uint8Array.from({ length: 1024 }, (_, i) => (i * 7) % 256)],
  ]);
  for (const [name, content] of documents) studio.write(name, content);
  return { studio, documents, keys: new Map(), drafts: [] };
}

export function documentOf({ documents }: Bench, name = DOCUMENT): Uint8Array {
  const content = documents.get(name);
  if (content === undefined) throw new Error(`there is no document ${name}`);
  return content;
}

export function putKey(
  bench: Bench,
  id: string,
  name: string,
  content: string,
  made: readonly string[],
): void {
  if (bench.keys.has(id)) throw new Error(`there are two keys ${id}`);
  bench.keys.set(id, { name, content, made });
}

const address = (id: string): string => `${id}@example.org`;

/** A key of that id by gpg, in its home; answers its fingerprint. */
export function makeGpgKey(
  { studio }: Bench,
  id: string,
  algorithm: string,
  usage = 'sign',
  expires = 'never',
): string {
  studio.gpg(TIMES.key, ['--quick-generate-key', `${id} <${address(id)}>`, algorithm, usage, expires]);
  return studio.print(address(id));
}

/** The same, and on the bench. */
export function gpgKey(bench: Bench, id: string, algorithm: string): string {
  const print = makeGpgKey(bench, id, algorithm);
  putGpgKey(bench, id);
  return print;
}

/** The certificate as gpg has it now. */
export function putGpgKey(bench: Bench, id: string, of = id): void {
  const { studio } = bench;
  const content = gpgExport(studio, of);
  putKey(bench, id, `${studio.print(address(of))}.asc`, content, studio.steps());
}

export function gpgExport(studio: Studio, id: string): string {
  const options = ['--armor', '--export-options', 'export-minimal', '--export', address(id)];
  return studio.gpg(TIMES.signature, options).toString();
}

/** The certificate of another tool, in armor without headers and without CR. */
export async function putForeign(bench: Bench, id: string, content: string): Promise<void> {
  const key = await openpgp.readKey({ armoredKey: content });
  const made = [...bench.studio.steps(), 'by hand: armored again, without headers and CR'];
  const plain = certificate(...(await packetsOf(content)));
  putKey(bench, id, `${key.getFingerprint().toUpperCase()}.asc`, plain, made);
}

export interface Made {
  readonly signature: string;
  readonly made: readonly string[];
}

/** A detached signature by gpg, over a document, with options. */
export function gpgSign(
  bench: Bench,
  id: string,
  options: readonly string[] = [],
  document = DOCUMENT,
): Made {
  return gpgSignAt(bench, TIMES.signature, id, options, document);
}

export function gpgSignAt(
  { studio }: Bench,
  at: Date,
  id: string,
  options: readonly string[] = [],
  document = DOCUMENT,
): Made {
  const how = options.some((option) => /^--(clear-)?sign$/.test(option)) ? [] : ['--detach-sign'];
  const args = ['-u', address(id), ...options, '--armor', '--output', '-', ...how, document];
  return { signature: studio.gpg(at, args).toString(), made: studio.steps() };
}

/** A key by OpenPGP.js, on the bench. */
export async function jsKey(bench: Bench, id: string, spec: Partial<KeySpec> = {}): Promise<TestKey> {
  const key = await makeKey({ name: id, email: address(id), created: TIMES.key, ...spec });
  putKey(bench, id, `${key.fingerprint}.asc`, key.publicArmored, [
    `OpenPGP.js: makeKey(${JSON.stringify(spec)}) of test/harness/keys.ts`,
  ]);
  return key;
}

export async function jsSign(
  bench: Bench,
  key: TestKey,
  spec: SignSpec = {},
  document = DOCUMENT,
): Promise<Made> {
  const { at = TIMES.signature, ...rest } = spec;
  const signature = await key.sign(documentOf(bench, document), { ...rest, at });
  const said = JSON.stringify({ at: at.toISOString(), ...rest });
  return { signature, made: [`OpenPGP.js: sign(${document}, ${said}) of test/harness/keys.ts`] };
}

/** The same signature with one change; what is said of it is added to how it was made. */
export function changed(
  { made }: Made,
  signature: string | Uint8Array,
  how: string,
): Pick<Draft, 'signature' | 'made'> {
  return { signature, made: [...made, how] };
}

/** Packets of a key file, each whole. */
export async function packetsOf(content: string): Promise<Uint8Array[]> {
  return splitPackets(await unarmored(content), 'BUG').map(({ tag, body }) => packet(tag, body));
}

export const certificate = (...packets: readonly Uint8Array[]): string =>
  armored('publicKey', bytes(...packets));
