/**
 * The property behind the gates: whatever is changed of tag object, intent, signature, trust file, policy, key or template of a
 * repository that passes, the changed one is refused, in words that are safe to print, without a crash.
 */
import * as fc from 'fast-check';
import { splitPackets } from '../../src/inputs/packets.ts';
import { parseSignatureFile } from '../../src/inputs/signature-packet.ts';
import { isSafe } from '../../src/kernel/text.ts';
import type { Judgement } from '../../src/gates/index.ts';
import { INTENT, type KnownGood, type Repo } from './known-good.ts';
import {
  byteChange,
  changeBytes,
  changeLine,
  changePackets,
  lineChange,
  packetChange,
  type ByteChange,
  type LineChange,
  type PacketChange,
} from './mutations.ts';

const TRUST = 'policies/trust.yaml';
const PARITY = 'policies/parity.yaml';
const TAG = 'the tag object';

export type Change =
  | { readonly how: 'bytes'; readonly bytes: ByteChange }
  | { readonly how: 'line'; readonly line: LineChange }
  | { readonly how: 'packets'; readonly packets: PacketChange }
  /** Of the tag: its signature block alone. */
  | { readonly how: 'tag packets'; readonly packets: PacketChange };

export interface Mutation {
  /** A path, or TAG. */
  readonly target: string;
  readonly change: Change;
  /** Released anew over the changed file: then the tree and the intent are right, and only the file's own signature is against it. */
  readonly released: boolean;
}

const bytes: fc.Arbitrary<Change> = byteChange.map((change) => ({ how: 'bytes', bytes: change }));
const line: fc.Arbitrary<Change> = lineChange.map((change) => ({ how: 'line', line: change }));
const packets: fc.Arbitrary<Change> = packetChange.map((change) => ({ how: 'packets', packets: change }));
const tagPackets: fc.Arbitrary<Change> = packetChange.map((change) => ({
  how: 'tag packets',
  packets: change,
}));

/** What can be changed in this repository, and in which ways. */
export function mutations({ files }: Repo): fc.Arbitrary<Mutation> {
  const of = (
    target: string,
    change: fc.Arbitrary<Change>,
    released: fc.Arbitrary<boolean> = fc.constant(false),
  ) => fc.record({ target: fc.constant(target), change, released });
  const paths = [...files.keys()];
  const documents = fc.oneof(bytes, line, line);
  const signature = fc.oneof(bytes, packets, packets);
  const sometimes = fc.boolean();
  return fc.oneof(
    of(TAG, fc.oneof(bytes, line, tagPackets)),
    of(INTENT, documents),
    ...paths.filter((path) => path.startsWith(`${INTENT}.`)).map((path) => of(path, signature)),
    of(TRUST, documents, sometimes),
    of(`${TRUST}.asc`, signature, sometimes),
    of(PARITY, documents),
    fc.oneof(
      ...paths
        .filter((path) => path.startsWith('policies/keys/'))
        .map((path) => of(path, fc.oneof(bytes, packets))),
    ),
    fc.oneof(...paths.filter((path) => path.startsWith('templates/')).map((path) => of(path, bytes))),
  );
}

/** The repository with the mutation in it; null when nothing changed by it. */
export async function mutate(good: KnownGood, mutation: Mutation): Promise<Repo | null> {
  const { repo } = good;
  const { target, released } = mutation;
  const before = target === TAG ? repo.tag : repo.files.get(target)!;
  const after = await apply(mutation, before);
  if (Buffer.from(after).equals(Buffer.from(before))) return null;
  if (target === TAG) return { ...repo, tag: after };
  if (released) return good.released(new Map([...repo.tagged, [target, after]]));
  return { ...repo, files: new Map([...repo.files, [target, after]]) };
}

async function apply({ target, change }: Mutation, before: Uint8Array): Promise<Uint8Array> {
  switch (change.how) {
    case 'bytes':
      return changeBytes(before, change.bytes);
    case 'line':
      return changeLine(before, change.line);
    case 'packets':
      return changePackets(
        target.startsWith('policies/keys/') ? 'publicKey' : 'signature',
        before,
        change.packets,
      );
    case 'tag packets': {
      const at = Buffer.from(before).indexOf('-----BEGIN PGP SIGNATURE-----');
      const block = await changePackets('signature', before.subarray(at), change.packets);
      return new Uint8Array([...before.subarray(0, at), ...block]);
    }
  }
}

const BEGIN = '-----BEGIN PGP SIGNATURE-----';

/**
 * True where everything that is signed, and the signature itself, are what they were: only what docs/decisions/0016-one-spelling.md leaves
 * to whoever writes is another: the checksum of the armor, the form of the packet's header, the issuer outside of what is signed. Such a one may pass.
 */
function isSameSignature(before: Uint8Array, after: Uint8Array): boolean {
  const [a, b] = [before, after].map(essence);
  return a !== null && a === b;
}

/** What stands before the armor, and of the one packet in it all but header and unsigned subpackets (RFC 9580 §5.2.3). */
function essence(content: Uint8Array): string | null {
  const at = Buffer.from(content).indexOf(BEGIN);
  if (at < 0) return null;
  const shape = parseSignatureFile(content.subarray(at));
  if (shape.is !== 'ok') return null;
  const body = Buffer.from(splitPackets(shape.binary, 'SIG_FORMAT')[0]!.body);
  const hashed = 6 + body.readUInt16BE(4);
  const rest = hashed + 2 + body.readUInt16BE(hashed);
  const parts = [content.subarray(0, at), body.subarray(0, hashed), body.subarray(rest)];
  return parts.map((part) => Buffer.from(part).toString('hex')).join(' ');
}

/** What is wrong with a judgement that must be a refusal; nothing when all is right. */
export function problemsOfRefusal({ passed, verdicts }: Judgement): readonly string[] {
  const refused = verdicts.filter(({ status }) => status !== 'pass');
  const findings = refused.flatMap((verdict) => verdict.findings);
  const texts = [...refused.map(({ because }) => because), ...findings.flatMap((f) => [f.message, f.hint])];
  return [
    ...(passed === null ? [] : ['it passes']),
    ...(findings.length === 0 ? ['no reason is given'] : []),
    ...verdicts
      .filter(({ status }) => status === 'error')
      .map(({ because }) => `a gate failed itself: ${because}`),
    ...findings
      .filter(({ message, hint }) => message === '' || hint === '')
      .map(({ code }) => `${code} has no message or no hint`),
    ...texts
      .filter((text) => !isSafe(text) || text.includes('\n'))
      .map((text) => `not safe to print: ${JSON.stringify(text)}`),
  ];
}

/** As a property that fast-check can run and shrink. `seen` is told how long each judgement took, in milliseconds of processor time. */
export function mutationProperty(
  good: KnownGood,
  seen: (mutation: Mutation, ms: number) => unknown = () => undefined,
): fc.IAsyncPropertyWithHooks<[Mutation]> {
  return fc.asyncProperty(mutations(good.repo), async (mutation) => {
    const repo = await mutate(good, mutation);
    fc.pre(repo !== null);
    const from = process.cpuUsage();
    const judgement = await good.judge(repo);
    const { user, system } = process.cpuUsage(from);
    const [before, after] = [good.repo, repo].map(({ tag, files }) =>
      mutation.target === TAG ? tag : files.get(mutation.target)!,
    ) as [Uint8Array, Uint8Array];
    fc.pre(judgement.passed === null || !isSameSignature(before, after));
    seen(mutation, (user + system) / 1000);
    const problems = problemsOfRefusal(judgement);
    if (problems.length > 0) throw new Error(problems.join('\n'));
  });
}
