import { describe, expect, it } from 'vitest';
import { gitObjectId, isSha256, sha256, sha256Raw } from '../../../src/kernel/digest.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('SHA-256', () => {
  it.each([
    // FIPS 180-4, examples of NIST.
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %j', (text, digest) => {
    expect(sha256(text)).toBe(digest);
    expect(sha256(bytes(text))).toBe(digest);
    expect(Buffer.from(sha256Raw(bytes(text))).toString('hex')).toBe(digest);
  });

  it('of a text is of its UTF-8 form', () => {
    expect(sha256('é')).toBe(sha256(Uint8Array.of(0xc3, 0xa9)));
  });

  it('of parts is of them joined', () => {
    expect(sha256Raw(bytes('a'), bytes(''), bytes('bc'))).toEqual(sha256Raw(bytes('abc')));
    expect(sha256Raw(bytes('abc'))).toHaveLength(32);
  });

  it.each([
    ['ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', true],
    ['BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD', false],
    ['ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a', false],
    ['ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n', false],
    ['', false],
  ])('is written %j: %s', (text, expected) => {
    expect(isSha256(text)).toBe(expected);
  });
});

describe('the name of a git object', () => {
  it('is what git says: `git hash-object`', () => {
    expect(gitObjectId('blob', bytes('hello\n'), 'sha1')).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
    expect(gitObjectId('tree', bytes(''), 'sha1')).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
    expect(gitObjectId('blob', bytes('hello\n'), 'sha256')).toBe(
      '2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4',
    );
  });

  it('is of the kind, too', () => {
    expect(gitObjectId('commit', bytes('x'), 'sha1')).not.toBe(gitObjectId('tag', bytes('x'), 'sha1'));
  });
});
