import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTagName, MAX_TAG, parseTagObject, type TagRead } from '../../../src/inputs/tag-object.ts';
import { gitObjectId, sha256 } from '../../../src/kernel/digest.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const HEADERS = `object ${COMMIT}\ntype commit\ntag v1.2.0\ntagger Rita Release <rita@example.com> 1795348800 +0100\n`;
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0WIQQ=\n=AbCd\n-----END PGP SIGNATURE-----\n';
const MESSAGE = 'Release 1.2.0\n\nWith ümlauts.\n';
const GOOD = `${HEADERS}\n${MESSAGE}${SIGNATURE}`;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Judges bytes whose ref names them rightly, so that only their form can be wrong. */
function judge(content: string | Uint8Array, name = 'v1.2.0', format: 'sha1' | 'sha256' = 'sha1'): TagRead {
  const bytes = typeof content === 'string' ? bytesOf(content) : content;
  return parseTagObject(name, gitObjectId('tag', bytes, format), bytes, format);
}

const codeOf = (read: TagRead): string => (read.is === 'tag' ? 'tag' : read.code);

describe('a signed annotated tag', () => {
  it('is split at its signature, and every byte is on one side of it', () => {
    const read = judge(GOOD);
    expect(read).toEqual({
      is: 'tag',
      tag: {
        oid: gitObjectId('tag', bytesOf(GOOD), 'sha1'),
        name: 'v1.2.0',
        commit: COMMIT,
        tagger: 'Rita Release <rita@example.com>',
        taggedAt: '2026-11-22T12:00:00Z',
        message: MESSAGE,
        sha256: sha256(GOOD),
        payload: bytesOf(`${HEADERS}\n${MESSAGE}`),
        signature: bytesOf(SIGNATURE),
      },
    });
  });

  it('may have no message and no CRC', () => {
    const read = judge(`${HEADERS}\n${SIGNATURE.replace('=AbCd\n', '')}`);
    expect(read.is === 'tag' && read.tag.message).toBe('');
  });

  it('names a commit of 64 characters in a repository of SHA-256', () => {
    const long = GOOD.replace(COMMIT, 'ab'.repeat(32));
    expect(codeOf(judge(long, 'v1.2.0', 'sha256'))).toBe('tag');
    expect(codeOf(judge(long))).toBe('TAG_MALFORMED');
    expect(codeOf(judge(GOOD, 'v1.2.0', 'sha256'))).toBe('TAG_MALFORMED');
  });
});

describe('what git accepts and this refuses', () => {
  const refused: readonly (readonly [string, string, string])[] = [
    // T1: a genuine older tag under another name.
    ['a tag that names itself differently', GOOD.replace('tag v1.2.0', 'tag v1.1.0'), 'TAG_NAME_MISMATCH'],
    ['text after the signature (T2)', `${GOOD}approved by the board\n`, 'TAG_MALFORMED'],
    ['an empty line after the signature', `${GOOD}\n`, 'TAG_MALFORMED'],
    ['a signature that ends without a line feed', GOOD.slice(0, -1), 'TAG_MALFORMED'],
    [
      'an armor header (T2b)',
      GOOD.replace('SIGNATURE-----\n\n', 'SIGNATURE-----\nComment: approved\n\n'),
      'TAG_MALFORMED',
    ],
    [
      'an armor header without an empty line',
      GOOD.replace('SIGNATURE-----\n\n', 'SIGNATURE-----\nComment: approved\n'),
      'TAG_MALFORMED',
    ],
    [
      'a signed extra header (T3)',
      GOOD.replace('\n\nRelease', '\nx-approved yes\n\nRelease'),
      'TAG_MALFORMED',
    ],
    [
      'a header injected after signing (T13)',
      GOOD.replace('\n\nRelease', '\ngpgsig-sha256 anything\n\nRelease'),
      'TAG_MALFORMED',
    ],
    ['an injected gpgsig', GOOD.replace('\n\nRelease', '\ngpgsig anything\n\nRelease'), 'TAG_MALFORMED'],
    ['two signatures (T4)', `${GOOD}${SIGNATURE}`, 'SIG_COUNT'],
    ['a signature in the message', `${HEADERS}\n${SIGNATURE}${MESSAGE}${SIGNATURE}`, 'SIG_COUNT'],
    ['an SSH signature (T9)', `${HEADERS}\n${MESSAGE}${SIGNATURE.replaceAll('PGP', 'SSH')}`, 'SIG_FORMAT'],
    [
      'an X.509 signature',
      `${HEADERS}\n${MESSAGE}${SIGNATURE.replaceAll('PGP SIGNATURE', 'SIGNED MESSAGE')}`,
      'SIG_FORMAT',
    ],
    [
      'an inline PGP message',
      `${HEADERS}\n${MESSAGE}${SIGNATURE.replaceAll('SIGNATURE', 'MESSAGE')}`,
      'SIG_FORMAT',
    ],
    [
      'an SSH signature before a PGP one',
      `${HEADERS}\n-----BEGIN SSH SIGNATURE-----\n${SIGNATURE}`,
      'SIG_FORMAT',
    ],
    ['no signature', `${HEADERS}\n${MESSAGE}`, 'TAG_UNSIGNED'],
    ['an end without a beginning', `${HEADERS}\n${MESSAGE}-----END PGP SIGNATURE-----\n`, 'TAG_MALFORMED'],
    ['no end', GOOD.replace('-----END PGP SIGNATURE-----\n', ''), 'TAG_MALFORMED'],
    ['two ends', GOOD.replace('=AbCd\n', '-----END PGP SIGNATURE-----\n'), 'TAG_MALFORMED'],
    ['text beside the armor line', GOOD.replace('-----BEGIN', 'x -----BEGIN'), 'TAG_MALFORMED'],
    [
      'a blank after the armor line',
      GOOD.replace('BEGIN PGP SIGNATURE-----', 'BEGIN PGP SIGNATURE----- '),
      'TAG_MALFORMED',
    ],
    ['an empty signature', GOOD.replace('iHUEABYKAB0WIQQ=\n=AbCd\n', ''), 'TAG_MALFORMED'],
    ['a body that is not base64', GOOD.replace('iHUE', 'i!UE'), 'TAG_MALFORMED'],
    ['a tag of a tag (T10)', GOOD.replace('type commit', 'type tag'), 'TAG_TARGET_TYPE'],
    ['a tag of a tree', GOOD.replace('type commit', 'type tree'), 'TAG_TARGET_TYPE'],
    ['a tag of a blob', GOOD.replace('type commit', 'type blob'), 'TAG_TARGET_TYPE'],
    ['a type that is none', GOOD.replace('type commit', 'type commits'), 'TAG_MALFORMED'],
    ['a NUL in the message (T11)', GOOD.replace('With', 'Wi\0th'), 'TAG_MALFORMED'],
    ['an escape sequence', GOOD.replace('With', '\u001b[2K'), 'TAG_MALFORMED'],
    ['a tabulator', GOOD.replace('With', 'With\t'), 'TAG_MALFORMED'],
    ['a carriage return', GOOD.replaceAll('\n', '\r\n'), 'TAG_MALFORMED'],
    ['a bidi override in the tagger', GOOD.replace('Rita', 'Rita\u202e'), 'TAG_MALFORMED'],
    ['an invisible character in the message', GOOD.replace('With', 'Wi\u200bth'), 'TAG_MALFORMED'],
    ['a byte order mark', `\ufeff${GOOD}`, 'TAG_MALFORMED'],
    ['headers in another order', GOOD.replace(/(type commit\n)(tag v1.2.0\n)/, '$2$1'), 'TAG_MALFORMED'],
    ['two objects', GOOD.replace('type commit', `object ${COMMIT}\ntype commit`), 'TAG_MALFORMED'],
    ['two tag headers', GOOD.replace('tagger', 'tag v9\ntagger'), 'TAG_MALFORMED'],
    ['no tagger', GOOD.replace(/tagger .*\n/, ''), 'TAG_MALFORMED'],
    ['no headers', `\n\n${MESSAGE}${SIGNATURE}`, 'TAG_MALFORMED'],
    ['no empty line', HEADERS, 'TAG_MALFORMED'],
    ['nothing', '', 'TAG_MALFORMED'],
    ['an object name in upper case', GOOD.replace(COMMIT, COMMIT.toUpperCase()), 'TAG_MALFORMED'],
    ['a tagger without an address', GOOD.replace(' <rita@example.com>', ''), 'TAG_MALFORMED'],
    ['a tagger without a name', GOOD.replace('Rita Release ', ''), 'TAG_MALFORMED'],
    [
      'two addresses',
      GOOD.replace('<rita@example.com>', '<rita@example.com> <eve@example.com>'),
      'TAG_MALFORMED',
    ],
    ['a time that is no number', GOOD.replace('1795348800', '-1'), 'TAG_MALFORMED'],
    ['a time with a leading zero', GOOD.replace('1795348800', '01795348800'), 'TAG_MALFORMED'],
    ['a time after the year 9999', GOOD.replace('1795348800', '253402300800'), 'TAG_MALFORMED'],
    ['no time zone', GOOD.replace(' +0100', ''), 'TAG_MALFORMED'],
    ['more than 64 KiB', GOOD.replace('With', 'With'.repeat(MAX_TAG / 4)), 'TAG_MALFORMED'],
  ];
  it.each(refused)('%s', (_what, content, code) => {
    expect(codeOf(judge(content))).toBe(code);
  });

  it('bytes that are not UTF-8', () => {
    const bytes = bytesOf(GOOD);
    bytes[bytes.indexOf(0xc3)] = 0xff;
    expect(judge(bytes)).toMatchObject({ code: 'TAG_MALFORMED', wrong: 'the tag object is not UTF-8' });
  });

  it('bytes that are not what the ref names', () => {
    const other = gitObjectId('tag', bytesOf(`${GOOD} `), 'sha1');
    expect(parseTagObject('v1.2.0', other, bytesOf(GOOD), 'sha1')).toMatchObject({ code: 'OBJECT_FORGED' });
  });

  it('a name of another form, before anything else is looked at', () => {
    expect(parseTagObject('-v', '', new Uint8Array(), 'sha1')).toMatchObject({
      code: 'TAG_NAME_INVALID',
      wrong: '-v',
    });
  });

  it('a fault of the program is not taken for a malformed tag', () => {
    expect(() => parseTagObject('v1', '', null as never, 'sha1')).toThrow(TypeError);
  });

  it('shows the wrong value without its control characters', () => {
    const read = judge(GOOD.replace('With', '\u001b[2K'));
    expect(read).toMatchObject({ wrong: expect.stringContaining('\\u{1b}[2K') });
  });
});

describe('whatever is changed', () => {
  const good = bytesOf(GOOD);

  it('nothing throws, and whatever is accepted is in the payload or in the signature, byte for byte', () => {
    const mutation = fc.oneof(
      fc.record({
        at: fc.nat(good.length - 1),
        remove: fc.nat(40),
        insert: fc.uint8Array({ maxLength: 40 }),
      }),
      fc.record({
        at: fc.nat(good.length - 1),
        remove: fc.nat(2),
        insert: fc
          .constantFrom(
            '\n',
            '\0',
            'gpgsig x\n',
            'Comment: x\n',
            SIGNATURE,
            '-----END PGP SIGNATURE-----\n',
            '\ntag v9',
            '=',
          )
          .map(bytesOf),
      }),
    );
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        let bytes = good;
        for (const { at, remove, insert } of mutations) {
          bytes = new Uint8Array([...bytes.slice(0, at), ...insert, ...bytes.slice(at + remove)]);
        }
        // With the ref left as it was, any change at all is refused.
        const oid = gitObjectId('tag', good, 'sha1');
        const changed = Buffer.compare(bytes, good) !== 0;
        if (changed) expect(parseTagObject('v1.2.0', oid, bytes, 'sha1').is).toBe('problem');
        // With the ref moved along, whatever is left over for the verifier is the whole object.
        const read = judge(bytes);
        if (read.is === 'problem') return;
        expect(Buffer.concat([read.tag.payload, read.tag.signature])).toEqual(Buffer.from(bytes));
        expect(new TextDecoder().decode(read.tag.signature)).toMatch(
          /^-----BEGIN PGP SIGNATURE-----\n\n[^-]+\n-----END PGP SIGNATURE-----\n$/,
        );
        expect(new TextDecoder().decode(read.tag.payload)).toContain(`\ntag v1.2.0\n`);
      }),
      { numRuns: 1500 },
    );
  });

  it('random bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(judge(bytes).is).toBe('problem');
      }),
    );
  });
});

describe('tag names', () => {
  it.each(['v1', 'v1.2.0', 'infra/v1.2.0', 'V1_2-rc.1', '_x', '1', 'a'.repeat(128)])(
    '%s is accepted',
    (name) => {
      expect(isTagName(name)).toBe(true);
    },
  );
  it.each([
    '',
    '-v',
    '--help',
    'v1 --help',
    '../x',
    'a/../b',
    '.v1',
    'a/.b',
    'v1/',
    '/v1',
    'a//b',
    'v1.',
    'v1.lock',
    'a.lock/b',
    'v..1',
    'a/-b',
    'v1\n',
    'v1\0',
    'v1~1',
    'v1^{}',
    'v1:x',
    'v*',
    'v?',
    'v[1]',
    'v\\1',
    'v@{1}',
    'vé',
    'a'.repeat(129),
    'refs\u200b',
  ])('%j is refused', (name) => {
    expect(isTagName(name)).toBe(false);
  });
});
