import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseSignatureFile } from '../../../src/inputs/signature-packet.ts';
import { digestStart } from '../../../src/inputs/signed-digest.ts';
import { makeKey, type SignSpec, type TestKey } from '../../harness/keys.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

let key: TestKey;
beforeAll(async () => {
  key = await makeKey({ name: 'Ada', email: 'ada@example.org' });
});

async function startOf(
  data: string,
  over = data,
  spec: SignSpec = {},
): Promise<ReturnType<typeof digestStart>> {
  const shape = parseSignatureFile(utf8(await key.sign(over, spec)));
  if (shape.is !== 'ok') throw new Error(shape.wrong);
  return digestStart(shape.binary, utf8(data));
}

describe('the start of the digest', () => {
  test.each(['sha256', 'sha384', 'sha512'] as const)('is the one in the packet, with %s', async (hash) => {
    for (const data of ['', 'hello\n', 'x'.repeat(100_000)]) {
      const start = await startOf(data, data, { hash });
      expect(start?.said).toMatch(/^[0-9A-F]{4}$/);
      expect(start?.found).toBe(start?.said);
    }
  });

  test('is another one over other bytes, but for one in 65536', async () => {
    const starts = await Promise.all(['a', 'b', 'c'].map((data) => startOf(data, 'hello\n')));
    expect(starts.filter((start) => start?.said === start?.found).length).toBeLessThan(2);
  });

  test('is computed by hand as RFC 9580 §5.2.4 says', () => {
    // Version 4, binary, EdDSA, SHA-512, a creation time; nothing unhashed; AB CD; no numbers.
    const hashed = Uint8Array.of(4, 0, 22, 10, 0, 6, 5, 2, 0x65, 0, 0, 0);
    const packet = Uint8Array.of(0xc2, 16, ...hashed, 0, 0, 0xab, 0xcd);
    const digest = createHash('sha512')
      .update('hello')
      .update(hashed)
      .update(Uint8Array.of(4, 0xff, 0, 0, 0, 12))
      .digest('hex');
    expect(digestStart(packet, utf8('hello'))).toEqual({
      said: 'ABCD',
      found: digest.slice(0, 4).toUpperCase(),
    });
  });

  test('is not computed for a hash that is not accepted', () => {
    expect(digestStart(Uint8Array.of(0xc2, 10, 4, 0, 22, 2, 0, 0, 0, 0, 1, 2), utf8('x'))).toBeNull();
  });

  test('never throws anything but a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          digestStart(bytes, new Uint8Array());
        } catch (error) {
          expect(error).toMatchObject({ code: 'SIG_FORMAT' });
        }
      }),
    );
  });
});
