// Time stamps and attestations: asked for, checked, put on record, and judged by `verify` from then on.
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { apply } from '../../../src/commands/apply.ts';
import { evidenceAttach } from '../../../src/commands/evidence-attach.ts';
import { evidenceStamp, evidenceStatement } from '../../../src/commands/evidence-stamp.ts';
import { log } from '../../../src/commands/log.ts';
import { verify } from '../../../src/commands/verify.ts';
import { readLedger } from '../../../src/evidence/ledger.ts';
import { PAYLOAD_TYPE, preAuthenticationEncoding } from '../../../src/inputs/attestation.ts';
import { sha256 } from '../../../src/kernel/digest.ts';
import { recordingDeps } from '../../../src/street/may-record.ts';
import { makeAuthority, type Answering, type Authority } from '../../harness/authority.ts';
import { makePorts, makeWorld, type World } from '../../harness/ports.ts';
import { ci, ciKey, playAttached, type Attaching } from '../../harness/witnessing.ts';
import { run } from './running.ts';

const DEV = { environment: 'dev', rehearse: false } as const;
const VERIFY = { environment: 'dev', from: null, proof: null, anchor: null, rehearse: false } as const;
const BY_TSA = { is: 'authority', tsa: 'tsa.pem', request: '../dev.tsq' } as const;
const BY_CI = { is: 'attestor', attestor: 'ci.pub' } as const;

let tsa: Authority;
beforeAll(async () => void (tsa = await makeAuthority()));
const pem = (key: KeyObject): string => String(key.export({ type: 'spki', format: 'pem' }));

async function applied(): Promise<World> {
  const world = await makeWorld();
  const { error } = await run(
    apply,
    { ...DEV, intent: 'intents/dev.yaml', resume: false, approvals: [] },
    { world },
  );
  expect(error).toBeNull();
  world.files.set('tsa.pem', tsa.root);
  world.files.set('ci.pub', ciKey);
  return world;
}

async function asked(world: World, how: Answering = {}, by: Authority = tsa): Promise<void> {
  world.files.delete('../dev.tsq');
  expect((await run(evidenceStamp, { ...DEV, out: '../dev.tsq' }, { world })).error).toBeNull();
  const time = new Date(world.clock.ms);
  world.files.set('answer.tsr', await by.answer(world.files.get('../dev.tsq')!, { time, ...how }));
}

const attach = async (world: World, by: typeof BY_TSA | typeof BY_CI = BY_TSA, file = 'answer.tsr') =>
  run(evidenceAttach, { ...DEV, file, by }, { world });

/** Every finding, and how it ended. */
async function judged(world: World, pins: { tsa?: string; attestor?: string } = {}) {
  const { ports, error, value, lines } = await run(verify, { ...VERIFY, ...pins }, { world });
  const findings = ports.events.flatMap((event) =>
    event.type === 'gate' ? event.findings.map(({ message }) => `${event.gate}: ${message}`) : [],
  );
  const time = ports.events.flatMap((event) =>
    event.type === 'gate' && event.gate === 'time' ? [event.because] : [],
  );
  return { code: error?.code ?? null, findings, value, lines, time: time[0] };
}

const PINS = { tsa: 'tsa.pem' };

describe('a time stamp', () => {
  it('is asked for, checked, put on record, and tells by when the entries were there', async () => {
    const world = await applied();
    const before = await judged(world);
    expect(before.lines).toContain(
      'not decided here: every time is claimed by the clock of the host that wrote it; no time-stamping authority vouches for it',
    );
    await asked(world);
    const { error, lines } = await attach(world);
    expect(error).toBeNull();
    expect(lines[0]).toMatch(
      /^on record: ledger\/00000004\.json names the time stamp of CN=Test TSA over the first 4 entries; they were there by 2026-11-22T12:\d\d:\d\dZ$/,
    );
    const after = await judged(world, PINS);
    expect([after.code, after.findings]).toEqual([null, []]);
    expect(after.time).toMatch(/; the first 4 entries were there by .*, says CN=Test TSA$/);
    expect(after.lines).toContainEqual(
      expect.stringMatching(
        /^witness time stamp over the first 4 entries, there by .*, by CN=Test TSA, who was named \(ledger\/00000004\.json\)$/,
      ),
    );
    expect(after.lines.join('\n')).toMatch(/first 4 of 5 entries are no younger than their time stamp/);
    expect(after.value['attachments']).toMatchObject([
      { kind: 'time stamp', entry: 'ledger/00000004.json', size: 4, status: 'pinned', who: 'CN=Test TSA' },
    ]);
    // Nobody named: it holds, and whose it is is said to be unknown.
    const unnamed = await judged(world);
    expect([unnamed.code, unnamed.findings]).toEqual([null, []]);
    expect(unnamed.lines).toContain(
      'not decided here: whose the time stamps are: name the certificate of the authority with --tsa',
    );
    const told = await run(log, { environment: 'dev', rehearse: false }, { world });
    expect(told.ports.events.map((event) => ('text' in event ? event.text : '')).join('\n')).toContain(
      'time stamp attached, over the first 4 entries',
    );
  });

  it('is put on record once, and still counts after the ledger has grown', async () => {
    const world = await applied();
    await asked(world);
    expect((await attach(world)).error).toBeNull();
    const again = await attach(world);
    expect(again.lines[0]).toMatch(/^on record already: ledger\/00000004\.json /);
    // Asked before, attached after: over a state that has passed.
    world.files.set(
      'late.tsr',
      await tsa.answer(world.files.get('../dev.tsq')!, { time: new Date(world.clock.ms) }),
    );
    const late = await attach(world, BY_TSA, 'late.tsr');
    expect(late.lines[0]).toMatch(/^on record: ledger\/00000005\.json .* over the first 4 entries/);
    expect((await judged(world, PINS)).code).toBeNull();
  });

  it.each<[what: string, how: Answering, message: RegExp]>([
    ['refused', { status: 2, without: 'token' }, /authority answered with status 2/],
    ['that nobody signed', { change: (content) => void content.fill(0x31, -4, -3) }, /./],
    ['of another request', { nonce: '07' }, /its nonce is 7|its nonce is 07/],
  ])('%s is not put on record', async (_what, how, message) => {
    const world = await applied();
    await asked(world, how);
    const { error } = await attach(world);
    expect(error).toMatchObject({ code: 'ATTACHMENT_INVALID', message: expect.stringMatching(message) });
    expect((await readLedger(world.store)).items).toHaveLength(4);
  });

  it('of somebody else, or over something else, is not put on record', async () => {
    const world = await applied();
    await asked(world, {}, await makeAuthority({ name: 'Mallory' }));
    expect((await attach(world)).error).toMatchObject({
      code: 'ATTACHMENT_INVALID',
      message: expect.stringMatching(/is by CN=Mallory, for whom no certificate of --tsa vouches: /),
    });
    const other = await makePorts({ world }).witnesses.stampRequest(sha256('other'), '00'.repeat(16));
    world.files.set('../dev.tsq', other);
    world.files.set('answer.tsr', await tsa.answer(other, { time: new Date(world.clock.ms) }));
    expect((await attach(world)).error).toMatchObject({
      message: `the time stamp stamps ${sha256('other')}, not a checkpoint of this ledger`,
    });
    world.write('answer.tsr', 'no stamp');
    expect((await attach(world)).error).toMatchObject({
      message: expect.stringContaining('the time stamp cannot be read: it is no answer'),
    });
  });

  it('that contradicts the clock here is not put on record', async () => {
    const world = await applied();
    for (const [minutes, message] of [
      [-10, /^ledger\/00000003\.json is dated .*, and was stamped by /],
      [10, /^it is .* here, and the time stamp is of /],
    ] as const) {
      await asked(world, { time: new Date(world.clock.ms + minutes * 60_000) });
      expect((await attach(world)).error).toMatchObject({
        code: 'CLOCK',
        message: expect.stringMatching(message),
      });
    }
  });

  it('is not attached to evidence that does not verify, and needs somebody who may sign evidence', async () => {
    const world = await applied();
    await asked(world);
    expect(
      (await run(evidenceAttach, { ...DEV, file: 'answer.tsr', by: BY_TSA }, { world, signer: 'bob' })).error,
    ).toMatchObject({
      code: 'SIGNER_ROLE',
    });
    const entry = world.store.files.get('ledger/00000001.json')!;
    entry[40]! ^= 1;
    expect((await attach(world)).error).toMatchObject({ code: 'EVIDENCE_INVALID' });
    world.files.delete('../dev.tsq');
    expect((await run(evidenceStamp, { ...DEV, out: '../dev.tsq' }, { world })).error).toMatchObject({
      code: 'EVIDENCE_INVALID',
    });
    expect(world.files.has('../dev.tsq')).toBe(false);
  });

  it('is asked for outside of the repository, whose tree is signed', async () => {
    const world = await applied();
    const wrong = {
      code: 'USAGE',
      message: '--out is dev.tsq, in the repository itself (dev.tsq)',
      hint: 'name a file outside of the repository',
    };
    const { error } = await run(evidenceStamp, { ...DEV, out: 'dev.tsq' }, { world });
    expect(error).toMatchObject(wrong);
    const stated = await run(evidenceStatement, { ...DEV, out: 'dev.tsq', pae: false }, { world });
    expect(stated.error).toMatchObject(wrong);
    expect(world.files.has('dev.tsq')).toBe(false);
  });

  it('asked for by name and not there is not decided', async () => {
    const world = await applied();
    expect(await judged(world, { ...PINS, attestor: 'ci.pub' })).toMatchObject({
      code: 'EVIDENCE_UNDECIDED',
      findings: [
        'authenticity: attestation: MISSING: a key was named, and no attestation is attached',
        'time: time stamp: MISSING: an authority was named, and no time stamp is attached',
      ],
    });
  });
});

describe('an attestation', () => {
  async function statement(world: World, pae = false): Promise<Uint8Array> {
    world.files.delete('../out');
    const { error } = await run(evidenceStatement, { ...DEV, out: '../out', pae }, { world });
    expect(error).toBeNull();
    return world.files.get('../out')!;
  }
  const envelope = (
    payload: Uint8Array,
    key: KeyObject,
    edit: (it: Record<string, unknown>) => unknown = (it) => it,
  ): string =>
    JSON.stringify(
      edit({
        payloadType: PAYLOAD_TYPE,
        payload: Buffer.from(payload).toString('base64url'),
        signatures: [
          { keyid: 'ci', sig: sign('sha256', preAuthenticationEncoding(payload), key).toString('base64url') },
        ],
      }),
      null,
      2,
    );

  it('is a statement that in-toto knows, about the checkpoint and the lock', async () => {
    const world = await applied();
    const text = new TextDecoder().decode(await statement(world));
    expect(JSON.parse(text)).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [
        { name: 'checkpoint', digest: { sha256: sha256(world.store.files.get('checkpoint')!) } },
        { name: '.backend.lock', digest: { sha256: sha256(world.store.files.get('.backend.lock')!) } },
      ],
      predicateType: 'urn:govboot:evidence:v1',
      predicate: {
        mode: 'LIVE',
        origin: { environment: 'dev', repository: expect.any(String) },
        ledger: {
          size: 4,
          head_sha256: sha256(world.store.files.get('ledger/00000003.json')!),
          root_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    });
    const shown = await run(evidenceStatement, { ...DEV, out: null, pae: false }, { world });
    expect(`${shown.lines[0]!}\n`).toBe(text);
    const pae = new TextDecoder().decode(await statement(world, true));
    expect(pae).toBe(`DSSEv1 28 application/vnd.in-toto+json ${String(text.length)} ${text}`);
  });

  it.each(['an envelope', 'a bundle of Sigstore', 'a bare signature'] as const)(
    '%s is put on record',
    async (what) => {
      const world = await applied();
      const payload = await statement(world);
      if (what === 'a bare signature')
        world.files.set('in', sign('sha256', await statement(world, true), ci.privateKey));
      else
        world.write(
          'in',
          envelope(payload, ci.privateKey, (it) =>
            what === 'an envelope' ? it : { mediaType: 'x', dsseEnvelope: it },
          ),
        );
      const { error, lines } = await attach(world, BY_CI, 'in');
      expect(error).toBeNull();
      const key = sha256(ci.publicKey.export({ type: 'spki', format: 'der' }));
      expect(lines).toEqual([
        `on record: ledger/00000004.json names the attestation of ${key} over the first 4 entries`,
      ]);
      const after = await judged(world, { attestor: 'ci.pub' });
      expect([after.code, after.findings]).toEqual([null, []]);
      expect(after.lines).toContain(
        `witness attestation over the first 4 entries, by ${key}, who was named (ledger/00000004.json)`,
      );
      expect((await judged(world)).lines).toContain(
        'not decided here: whose the attestations are: name the public key with --attestor',
      );
      world.write('ci.pub', pem(generateKeyPairSync('ed25519').publicKey));
      expect(await judged(world, { attestor: 'ci.pub' })).toMatchObject({
        code: 'EVIDENCE_UNDECIDED',
        findings: [
          expect.stringMatching(
            /^authenticity: blobs\/sha256\/.*UNPINNED: no key that was named made a signature/,
          ),
        ],
      });
      if (what === 'a bare signature') return;
      // Nothing but the stored form counts, and every spelling of the same comes to that.
      world.write('ci.pub', pem(ci.publicKey));
      world.write('in', `\n${envelope(payload, ci.privateKey)}`);
      const other = await attach(world, BY_CI, 'in');
      expect(other.error).toBeNull();
    },
  );

  it('by somebody else, about something else, or in another form is not put on record', async () => {
    const world = await applied();
    const payload = await statement(world);
    const mallory = generateKeyPairSync('ed25519').privateKey;
    const text = new TextDecoder().decode(payload);
    const another = new TextEncoder().encode(text.replace(/"root_sha256":"./, '"root_sha256":"f'));
    const longer = new TextEncoder().encode(text.replace('"size":4', '"size":5'));
    const good = envelope(payload, ci.privateKey);
    for (const [bytes, code, message] of [
      [
        JSON.stringify({
          payloadType: PAYLOAD_TYPE,
          payload: Buffer.from(payload).toString('base64'),
          signatures: [{ sig: sign(null, preAuthenticationEncoding(payload), mallory).toString('base64') }],
        }),
        'ATTACHMENT_INVALID',
        /^no key of --attestor signed/,
      ],
      [
        envelope(another, ci.privateKey),
        'ATTACHMENT_INVALID',
        /^the statement is about 4 entries that are not those/,
      ],
      [
        envelope(longer, ci.privateKey),
        'ATTACHMENT_INVALID',
        /^the statement is about 5 entries that are not those/,
      ],
      [envelope(new TextEncoder().encode('{}'), ci.privateKey), 'NOT_CANONICAL', /statement in the envelope/],
      [good.replace(PAYLOAD_TYPE, 'text/plain'), 'SCHEMA', /payloadType/],
      [good.replace('"sig"', '"gis"'), 'SCHEMA', /lacks payload, payloadType or signatures/],
      ['{', 'SCHEMA', /it is not JSON/],
      ['a signature', 'ATTACHMENT_INVALID', /^no key of --attestor signed/],
      ['x'.repeat(70_000), 'ATTACHMENT_INVALID', /has 70000 bytes/],
    ] as const) {
      world.write('in', bytes);
      expect((await attach(world, BY_CI, 'in')).error).toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    }
    expect((await readLedger(world.store)).items).toHaveLength(4);
  });
});

describe('what is on record and should not be', () => {
  const forced = async (
    world: World,
    type: 'TIME_STAMPED' | 'ATTESTED',
    bytes: Uint8Array,
    how: Attaching = {},
  ): Promise<void> => {
    const ledger = await readLedger(world.store);
    const of = { store: world.store, ledger, environment: 'dev' };
    await playAttached(await recordingDeps(makePorts({ world }), of), type, bytes, how);
  };

  it('a stamp of an authority that the auditor did not name', async () => {
    const world = await applied();
    await asked(world, {}, await makeAuthority({ name: 'Mallory' }));
    await forced(world, 'TIME_STAMPED', world.files.get('answer.tsr')!);
    expect((await judged(world)).code).toBeNull();
    const pinned = await judged(world, PINS);
    expect(pinned.code).toBe('EVIDENCE_UNDECIDED');
    expect(pinned.findings).toEqual([
      expect.stringMatching(
        /^time: blobs\/.*UNPINNED: CN=Mallory stamped it, and no certificate that was named vouches/,
      ),
    ]);
    expect(pinned.lines.join('\n')).toContain('by CN=Mallory, who was NOT named');
  });

  it('a stamp that contradicts the dates of the entries', async () => {
    const world = await applied();
    await asked(world, { time: new Date(world.clock.ms - 600_000) });
    await forced(world, 'TIME_STAMPED', world.files.get('answer.tsr')!);
    const early = await judged(world, PINS);
    expect(early.code).toBe('EVIDENCE_INVALID');
    expect(early.findings).toContainEqual(
      expect.stringMatching(/^time: ledger\/00000003\.json: is dated .*; CN=Test TSA had stamped it by /),
    );
    const other = await applied();
    await asked(other, { time: new Date(other.clock.ms + 600_000) });
    await forced(other, 'TIME_STAMPED', other.files.get('answer.tsr')!);
    expect((await judged(other, PINS)).findings).toEqual([
      expect.stringMatching(/^time: ledger\/00000004\.json: is dated .*, and names a time stamp of /),
    ]);
  });

  it('something that is no stamp, is over something else, or is not stored', async () => {
    const world = await applied();
    await asked(world, { names: 'none' });
    await forced(world, 'TIME_STAMPED', new TextEncoder().encode('no stamp'));
    await forced(world, 'TIME_STAMPED', world.files.get('answer.tsr')!, {});
    await forced(world, 'TIME_STAMPED', new TextEncoder().encode('not stored'), { isStored: false });
    await forced(world, 'TIME_STAMPED', new TextEncoder().encode('another root'), {
      root_sha256: 'f'.repeat(64),
    });
    await forced(world, 'TIME_STAMPED', new TextEncoder().encode('the future'), { size: 99 });
    const { code, findings, lines } = await judged(world, PINS);
    expect(code).toBe('EVIDENCE_INVALID');
    expect(findings.map((text) => text.replace(/[0-9a-f]{64}/g, '#'))).toEqual([
      'time: blobs/sha256/#: ATTACHMENT_INVALID: it is no answer of a time-stamping authority (DER of a TimeStampResp)',
      'time: blobs/sha256/#: ATTACHMENT_INVALID: the time stamp stamps #, not #',
      'time: blobs/sha256/#: MISSING: the time stamp that ledger/00000006.json names',
      'chain: ledger/00000007.json: INCONSISTENT: tells of 7 entries with root #, which are not those before it',
      'chain: ledger/00000008.json: INCONSISTENT: tells of 99 entries with root #, which are not those before it',
    ]);
    expect(lines.filter((line) => line.startsWith('witness'))).toHaveLength(5);
  });

  it('an attestation that is none, or about something else', async () => {
    const world = await applied();
    await run(evidenceStatement, { ...DEV, out: '../out', pae: false }, { world });
    const sig = sign('sha256', preAuthenticationEncoding(world.files.get('../out')!), ci.privateKey).toString(
      'base64',
    );
    const payload = Buffer.from(world.files.get('../out')!).toString('base64');
    const bytes = `{"payload":"${payload}","payloadType":"${PAYLOAD_TYPE}","signatures":[{"keyid":"","sig":"${sig}"}]}\n`;
    await forced(world, 'ATTESTED', new TextEncoder().encode('{}\n'));
    await forced(world, 'ATTESTED', new TextEncoder().encode(bytes));
    const { code, findings } = await judged(world, { attestor: 'ci.pub' });
    expect(code).toBe('EVIDENCE_INVALID');
    expect(findings.map((text) => text.replace(/[0-9a-f]{64}/g, '#'))).toEqual([
      expect.stringMatching(
        /^authenticity: blobs\/sha256\/#: ATTACHMENT_INVALID: blobs\/sha256\/#: payload: /,
      ),
      'authenticity: blobs/sha256/#: ATTACHMENT_INVALID: its statement is not that about the first 5 entries',
    ]);
  });

  it('a changed byte of an attachment is told, and a missing one', async () => {
    const world = await applied();
    await asked(world);
    await attach(world);
    const name = [...world.store.files.keys()].find((each) =>
      each.endsWith(sha256(world.files.get('answer.tsr')!)),
    )!;
    const bytes = world.store.files.get(name)!;
    world.store.files.set(
      name,
      bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte)),
    );
    const changed = await judged(world, PINS);
    expect(changed.code).toBe('EVIDENCE_INVALID');
    expect(changed.findings[0]).toMatch(new RegExp(`^integrity: ${name}: SHA-256 is`));
    world.store.files.delete(name);
    const missing = await judged(world, PINS);
    expect(missing.findings).toContainEqual(expect.stringContaining(`${name}: MISSING`));
  });
});
