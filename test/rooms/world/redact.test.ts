import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/kernel/events.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { makeLog } from '../../../src/world/log.ts';
import { makeRedactor } from '../../../src/world/redact.ts';
import { stacksOf } from '../../../src/world/stacks.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';

const plain = makeRedactor({});

describe('what stays, or a log would be of no use', () => {
  it.each([
    'refs/tags/v1.0.0 at 9f2b7c41d0e3a85f6c1b2d94e7a8503c1f6d2e4b',
    'policies/keys/0123456789ABCDEF0123456789ABCDEF01234567.asc',
    'blobs/sha256/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'arn:aws:iam::111111111111:role/acme-dev-tfstate-operator',
    'acme-dev-tfstate-111111111111-eu-central-1',
    'at judgeGates (file:///home/Alice/projects/infrastructure/governance/dist/govboot.js:12:34)',
    'run 5f0c8f7e-1f35-4c5e-9b59-2d5b8e1b7a10 did not finish',
  ])('%s', (text) => {
    expect(plain.text(text)).toBe(text);
  });
});

describe('what goes', () => {
  it.each([
    ['AKIAIOSFODNN7EXAMPLE', 'AKIA[redacted]'],
    ['xASIAIOSFODNN7EXAMPLEx', 'xASIA[redacted]x'],
    ['Authorization: Bearer abc def', 'Authorization: [redacted]'],
    ['sent Bearer abc.def', 'sent Bearer [redacted]'],
    ['{"authorization":"Basic YWxpY2U6eA=="}', '{"authorization":[redacted]'],
    [
      'AWS4-HMAC-SHA256 Credential=AKIAX/2026/x, SignedHeaders=host, Signature=0a1b',
      'AWS4-HMAC-SHA256 [redacted]',
    ],
    ['x-amz-security-token: IQoJb3', 'x-amz-security-token: [redacted]'],
    ['AWS_SECRET_ACCESS_KEY=abc PATH=/bin', 'AWS_SECRET_ACCESS_KEY=[redacted] PATH=/bin'],
    ['passphrase: correct horse battery staple', 'passphrase: [redacted]'],
    ["client_secret = 'a b c', x", 'client_secret = [redacted], x'],
    [
      'a -----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n-----END PGP PRIVATE KEY BLOCK----- b',
      'a [redacted] b',
    ],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl cut off', '[redacted]'],
    ['eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', '[redacted]'],
    ['https://b/x?X-Amz-Signature=ab&v=1', 'https://b/x?X-Amz-Signature=[redacted]&v=1'],
  ])('%j', (text, expected) => {
    const said = plain.text(text);
    expect([said.replace(/\](?: \[redacted\])+/g, ']'), said.includes('abc')]).toEqual([expected, false]);
  });

  it('is what is known, however it is spelled, and from the moment it is known', () => {
    const redactor = makeRedactor({
      DB_PASSWORD: 'hunter2!',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/run/token',
      N_TOKEN: '1',
    });
    expect(redactor.text('hunter2! 1')).toBe('[redacted] 1');
    expect(redactor.text('/run/token')).toBe('/run/token');
    const typed = 'it\'s "mine" & ünseen';
    expect(redactor.text(typed)).toBe(typed);
    redactor.learn(typed);
    for (const text of [typed, encodeURIComponent(typed), JSON.stringify({ typed })])
      expect(redactor.text(text)).not.toMatch(/mine/);
    redactor.learn('abc');
    expect(redactor.text('abc')).toBe('abc');
  });
});

const BASE64 = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const UPPER = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
const string = (
  alphabet: readonly string[],
  minLength: number,
  maxLength = minLength,
): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });

/** What must never be read in a log, and how it stands where it is planted. */
interface Planted {
  readonly secret: string;
  readonly text: string;
}

const whole = (secret: fc.Arbitrary<string>, around: (secret: string) => string): fc.Arbitrary<Planted> =>
  secret.map((text) => ({ secret: text, text: around(text) }));
const secretKey = string(BASE64, 40);
const token = string(BASE64, 100, 400);
/** Found by its form, whoever knows of it. */
const byForm: fc.Arbitrary<Planted> = fc.oneof(
  fc
    .tuple(fc.constantFrom('AKIA', 'ASIA'), string(UPPER, 16))
    .map(([kind, rest]) => ({ secret: rest, text: kind + rest })),
  whole(secretKey, (text) => text),
  whole(token, (text) => `${text}==`),
  whole(secretKey, (text) => `AWS_SECRET_ACCESS_KEY=${text}\nPATH=/bin`),
  whole(token, (text) => `Authorization: Bearer ${text}`),
  whole(
    string(Array.from('0123456789abcdef'), 64),
    (text) => `authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=${text}`,
  ),
  whole(token, (text) => `"x-amz-security-token":"${text}"`),
  whole(
    string(BASE64, 8, 60),
    (text) => `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${text}\n-----END PGP PRIVATE KEY BLOCK-----`,
  ),
  whole(
    string(Array.from('abcdefghijklmnop '), 12, 30).map((text) => `q${text}z`),
    (text) => `passphrase: ${text}`,
  ),
);
/** Text that does not by itself hold what is looked for. */
const filler = fc.string({ unit: 'grapheme', maxLength: 20 });

/** An event with the planted text in one of the places where text can stand. */
function eventsWith(text: string): readonly Event[] {
  const cause = new Error(`cause ${text}`);
  const error = new Error(`message ${text}`, { cause: new AggregateError([cause], text, { cause }) });
  const nested: Json = { a: [{ b: text }], [text]: 1, c: { d: { e: [[text]] } } };
  return [
    { type: 'log', level: 'debug', text, data: { nested } },
    { type: 'log', level: 'debug', text: 'thrown', data: { stacks: stacksOf(error) } },
    { type: 'warning', text },
    { type: 'note', text },
    { type: 'error', code: 'CREDENTIALS', message: text, hint: text, data: { nested } },
    { type: 'progress', key: text, state: 'begin', text, ms: null },
    {
      type: 'gate',
      gate: text,
      status: 'fail',
      because: text,
      findings: [{ code: 'SIG_BAD', message: text, hint: text }],
    },
    { type: 'result', command: text, value: nested, lines: [text] },
  ];
}

describe('whatever is planted, wherever', () => {
  const folder = temporaryFolder();
  let files = 0;
  const logged = (text: string, env: NodeJS.ProcessEnv = {}): string => {
    const file = join(folder, `${String(files++)}.log`);
    const log = makeLog({ file, redactor: makeRedactor(env), full: true, fresh: true });
    for (const event of eventsWith(text)) log(event);
    log.close();
    return readFileSync(file, 'utf8');
  };

  it('is not in the log, by its form', () => {
    fc.assert(
      fc.property(byForm, filler, filler, ({ secret, text }, before, after) => {
        expect(logged(`${before}\n${text}\n${after}`)).not.toContain(secret);
      }),
      { numRuns: 150 },
    );
  });

  it('is not in the log where the process knows it, in the middle of a word too', () => {
    const known = fc
      .string({ unit: 'grapheme', minLength: 6, maxLength: 60 })
      .filter((text) => text.trim().length >= 6);
    fc.assert(
      fc.property(known, filler, filler, (secret, before, after) => {
        const log = logged(before + secret + after, { MY_TOKEN: secret });
        const lines = log
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Json);
        expect(JSON.stringify(lines)).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
      { numRuns: 150 },
    );
  });
});

describe('the stacks of what was thrown', () => {
  it('go along the causes, and end', () => {
    const loop = new Error('one');
    loop.cause = loop;
    expect(stacksOf(loop)).toHaveLength(8);
    expect(stacksOf('a word')).toEqual([{ thrown: 'a word' }]);
    expect(stacksOf(new Error('x', { cause: 7 }))).toEqual([
      { name: 'Error', message: 'x', stack: expect.stringContaining('redact.test.ts') },
      { thrown: '7' },
    ]);
    expect(stacksOf(new AggregateError([new Error('y')], 'x'))).toEqual([
      expect.objectContaining({ errors: [expect.objectContaining({ message: 'y' })] }),
    ]);
  });
});
