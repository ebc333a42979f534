/**
 * Mutations: what is changed, and how, as data, so that a counterexample can be read and shrunk. Bytes are changed blindly, and
 * documents, signatures and tags also by somebody who knows their form.
 */
import * as fc from 'fast-check';
import * as openpgp from 'openpgp';
import { armored } from './keys.ts';

/** A place from the beginning (0) to the end (1). */
const place = fc.double({ min: 0, max: 1, noNaN: true });

/** A change of some bytes, whatever they mean. */
export type ByteChange =
  | { readonly do: 'flip'; readonly at: number; readonly bit: number }
  | { readonly do: 'set'; readonly at: number; readonly to: number }
  | { readonly do: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly do: 'delete'; readonly at: number; readonly count: number }
  | { readonly do: 'repeat'; readonly at: number; readonly count: number }
  | { readonly do: 'swap'; readonly at: number; readonly with: number }
  | { readonly do: 'cut'; readonly at: number }
  | { readonly do: 'append'; readonly bytes: Uint8Array };

const few = fc.uint8Array({ minLength: 1, maxLength: 12 });
/** Bytes that mean something to a parser. */
const telling = fc
  .constantFrom(
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\0',
    '\u001b',
    '\u202e',
    '\ufeff',
    '#',
    '"',
    ':',
    '- ',
    '=',
    '&a ',
    '*a',
    '!!str ',
    '---\n',
    '\n...\n',
  )
  .map((text) => new TextEncoder().encode(text));
const bytes = fc.oneof(few, telling);

export const byteChange: fc.Arbitrary<ByteChange> = fc.oneof(
  fc.record({ do: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({ do: fc.constant('set' as const), at: place, to: fc.nat(255) }),
  fc.record({ do: fc.constant('insert' as const), at: place, bytes }),
  fc.record({ do: fc.constant('delete' as const), at: place, count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ do: fc.constant('repeat' as const), at: place, count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ do: fc.constant('swap' as const), at: place, with: place }),
  fc.record({ do: fc.constant('cut' as const), at: place }),
  fc.record({ do: fc.constant('append' as const), bytes }),
);

export function changeBytes(whole: Uint8Array, change: ByteChange): Uint8Array {
  const done = Array.from(whole);
  const index = (at: number): number => Math.min(done.length - 1, Math.floor(at * done.length));
  switch (change.do) {
    case 'flip':
      done[index(change.at)]! ^= 1 << change.bit;
      break;
    case 'set':
      done[index(change.at)] = change.to;
      break;
    case 'insert':
      done.splice(index(change.at), 0, ...change.bytes);
      break;
    case 'delete':
      done.splice(index(change.at), change.count);
      break;
    case 'repeat':
      done.splice(index(change.at), 0, ...done.slice(index(change.at), index(change.at) + change.count));
      break;
    case 'swap': {
      const [a, b] = [index(change.at), index(change.with)];
      [done[a], done[b]] = [done[b]!, done[a]!];
      break;
    }
    case 'cut':
      done.length = index(change.at);
      break;
    case 'append':
      done.push(...change.bytes);
      break;
  }
  return Uint8Array.from(done);
}

/** A change of one line of a text: of its value, where it is a field. */
export type LineChange =
  | { readonly do: 'value'; readonly at: number; readonly to: string }
  | { readonly do: 'borrow'; readonly at: number; readonly from: number }
  | { readonly do: 'drop'; readonly at: number }
  | { readonly do: 'double'; readonly at: number }
  | { readonly do: 'exchange'; readonly at: number; readonly with: number }
  | { readonly do: 'rename'; readonly at: number; readonly to: string };

/** Values that are right somewhere: what is wrong is only that they stand here. */
const VALUES = [
  ...[
    'dev',
    'prod',
    'aws',
    'create',
    'supersede',
    'null',
    'true',
    'false',
    '0',
    '1',
    '2',
    '99',
    '-1',
    '1.0',
    '1e9',
    '""',
    '[]',
    '{}',
    '~',
  ],
  ...[
    '"111111111111"',
    '"222222222222"',
    'eu-central-1',
    'eu-west-1',
    'us-east-1',
    'v1.0.0',
    'v1.0.1',
    'refs/heads/main',
    '../x',
  ],
  ...[
    '2026-11-22T08:00:00Z',
    '2026-11-23T08:00:00Z',
    '2027-01-01T00:00:00Z',
    '2020-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2026-11-22T12:00:00+02:00',
  ],
  ...[
    `"${'0'.repeat(40)}"`,
    `"${'a'.repeat(64)}"`,
    `"${'0'.repeat(32)}"`,
    'http://127.0.0.1:5000',
    'https://sts.amazonaws.com',
  ],
  ...[
    '[release, intent, approver, evidence, break-glass]',
    '{ default: 0 }',
    '{ default: 99 }',
    'govboot.intent/v2',
    'govboot.trust/v0',
  ],
];

export const lineChange: fc.Arbitrary<LineChange> = fc.oneof(
  fc.record({ do: fc.constant('value' as const), at: place, to: fc.constantFrom(...VALUES) }),
  fc.record({ do: fc.constant('borrow' as const), at: place, from: place }),
  fc.record({ do: fc.constant('drop' as const), at: place }),
  fc.record({ do: fc.constant('double' as const), at: place }),
  fc.record({ do: fc.constant('exchange' as const), at: place, with: place }),
  fc.record({
    do: fc.constant('rename' as const),
    at: place,
    to: fc.constantFrom('schema', 'extra', '__proto__', 'Environment', 'nonce ', 'expires'),
  }),
);

export function changeLine(whole: Uint8Array, change: LineChange): Uint8Array {
  const lines = new TextDecoder().decode(whole).split('\n');
  const index = (at: number): number => Math.min(lines.length - 2, Math.floor(at * (lines.length - 1)));
  const at = index(change.at);
  const line = lines[at]!;
  const key = /^([^:]*:) /.exec(line)?.[1];
  switch (change.do) {
    case 'value':
      lines[at] = key === undefined ? change.to : `${key} ${change.to}`;
      break;
    case 'borrow':
      lines[at] = `${key ?? ''} ${lines[index(change.from)]!.replace(/^[^:]*: /, '')}`;
      break;
    case 'drop':
      lines.splice(at, 1);
      break;
    case 'double':
      lines.splice(at, 0, line);
      break;
    case 'exchange':
      [lines[at], lines[index(change.with)]] = [lines[index(change.with)]!, line];
      break;
    case 'rename':
      lines[at] = line.replace(/^(\s*(?:- )?)[^:\s]+/, `$1${change.to}`);
      break;
  }
  return new TextEncoder().encode(lines.join('\n'));
}

/** Changes the packets inside an armored block, and gives them armor that is right again, with or without a checksum. */
export interface PacketChange {
  readonly bytes: ByteChange;
  readonly checksum: boolean;
}

export const packetChange: fc.Arbitrary<PacketChange> = fc.record({
  bytes: byteChange,
  checksum: fc.boolean(),
});

export async function changePackets(
  kind: 'signature' | 'publicKey',
  whole: Uint8Array,
  change: PacketChange,
): Promise<Uint8Array> {
  const { data } = await openpgp.unarmor(new TextDecoder().decode(whole));
  const text = armored(kind, changeBytes(data as Uint8Array, change.bytes));
  return new TextEncoder().encode(change.checksum ? text : withoutChecksum(text));
}

/** RFC 9580 §6.1: the checksum of the armor may be left out. */
export function withoutChecksum(text: string): string {
  return text.replace(/^=.{4}\n/m, '');
}
