import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256, type Sha256 } from '../../../src/kernel/digest.ts';
import { tokenOf } from '../../../src/plan/token.ts';

describe('tokenOf', () => {
  it('is what the format says, bit by bit', () => {
    const digest = sha256('a plan');
    const bits = [...createHash('sha256').update(`govboot.confirm/v1\n${digest}`).digest()]
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('');
    const letters = Array.from(
      { length: 10 },
      (_, i) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[parseInt(bits.slice(5 * i, 5 * i + 5), 2)],
    ).join('');
    expect(tokenOf(digest)).toBe(`${letters.slice(0, 5)}-${letters.slice(5)}`);
  });

  it('stays the same from version to version', () => {
    expect(tokenOf('0'.repeat(64) as Sha256)).toMatchInlineSnapshot(`"3TKK4-8J2TE"`);
  });

  it('has two groups of five letters that cannot be mistaken, and differs for every plan', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const digest = sha256(bytes);
        const token = tokenOf(digest);
        expect(token).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
        expect(seen.get(token) ?? digest).toBe(digest);
        seen.set(token, digest);
      }),
    );
  });
});
