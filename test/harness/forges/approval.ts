/** Forgeries of approvals: plans that were changed, and signatures over them by whom, when and over what one likes. */
import * as openpgp from 'openpgp';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canonicalBytes } from '../../../src/kernel/canonical.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { instantFromMs } from '../../../src/kernel/time.ts';
import type { Forge, ForgeSite } from '../forge.ts';
import { armored, makeKey, type TestKey } from '../keys.ts';

/** People whom `approvers` added, by the folder of their script. */
const added = new Map<string, Readonly<Record<string, TestKey>>>();

function keyOf({ governed, work }: ForgeSite, person: string): TestKey {
  const keys: Readonly<Record<string, TestKey>> = { ...governed.keys, ...added.get(work) };
  const key = keys[person];
  if (key === undefined) throw new Error(`there is no key of ${person}`);
  return key;
}

export const approvalForges: Readonly<Record<string, Forge>> = {
  /** `approval PLAN PERSON [MINUTES]`: signs the plan as `govboot approve` would, without asking anybody, MINUTES from now. */
  approval: async (site, [plan = '', person = '', minutes = '0']) => {
    const key = keyOf(site, person);
    const path = resolve(site.cwd, plan);
    const at = new Date(Date.now() + Number(minutes) * 60_000);
    writeFileSync(`${path}.${key.fingerprint}.asc`, await key.sign(readFileSync(path), { at }), {
      flag: 'wx',
    });
  },

  /** `approval-again PLAN PERSON NAME`: the same person signs once more, under the file name of somebody else. */
  'approval-again': async (site, [plan = '', person = '', name = '']) => {
    const path = resolve(site.cwd, plan);
    const signature = await keyOf(site, person).sign(readFileSync(path), {
      at: new Date(Date.now() - 1_000),
    });
    writeFileSync(`${path}.${keyOf(site, name).fingerprint}.asc`, signature, { flag: 'wx' });
  },

  /** `approval-by-primary PLAN PERSON NAME`: signs with the primary key of somebody whose subkey signs otherwise. */
  'approval-by-primary': async (site, [plan = '', person = '', name = '']) => {
    const path = resolve(site.cwd, plan);
    const secret = await openpgp.readPrivateKey({ armoredKey: keyOf(site, person).privateArmored });
    const signature = await openpgp.sign({
      message: await openpgp.createMessage({ binary: new Uint8Array(readFileSync(path)) }),
      signingKeys: secret,
      signingKeyIDs: [secret.getKeyID()],
      detached: true,
      format: 'binary',
      config: { nonDeterministicSignaturesViaNotation: false },
    });
    writeFileSync(`${path}.${keyOf(site, name).fingerprint}.asc`, armored('signature', signature), {
      flag: 'wx',
    });
  },

  /** `plan PLAN FIELD VALUE`: writes VALUE (JSON) at FIELD (`target.caller`), in canonical form as before. */
  plan: ({ cwd }, [plan = '', field = '', value = '']) => {
    const path = resolve(cwd, plan);
    const document = JSON.parse(readFileSync(path, 'utf8')) as Json;
    const changed = at(document, field.split('.'), JSON.parse(value) as Json);
    if (JSON.stringify(changed) === JSON.stringify(document)) throw new Error(`${field} is ${value} already`);
    writeFileSync(path, canonicalBytes(changed));
  },

  /** `plan-window PLAN FROM UNTIL`: moves its window, in minutes from now. */
  'plan-window': ({ cwd }, [plan = '', from = '', until = '']) => {
    const path = resolve(cwd, plan);
    const moment = (minutes: string): string =>
      instantFromMs(Math.floor(Date.now() / 1000) * 1000 + Number(minutes) * 60_000);
    const document = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Json>;
    writeFileSync(path, canonicalBytes({ ...document, created_at: moment(from), expires_at: moment(until) }));
  },

  /** `plan-huge FILE`: a file that is larger than any plan. */
  'plan-huge': ({ cwd }, [file = '']) => writeFileSync(resolve(cwd, file), '1'.repeat(1024 * 1024 + 1)),

  /** `plan-deep FILE`: JSON that would exhaust the stack of whoever walks it. */
  'plan-deep': ({ cwd }, [file = '']) =>
    writeFileSync(resolve(cwd, file), `${'['.repeat(100_000)}${']'.repeat(100_000)}\n`),

  /** `plan-link FROM TO`: a symbolic link. */
  'plan-link': ({ cwd }, [from = '', to = '']) => symlinkSync(resolve(cwd, to), resolve(cwd, from)),

  /** `approvers THRESHOLD NAME...`: a new list of people, with these as approvers who sign with subkeys, signed by the root key. */
  approvers: async (site, [threshold = '1', ...names]) => {
    const { governed, cwd, work } = site;
    const keys: Record<string, TestKey> = {};
    for (const name of names)
      keys[name] = await makeKey({ name, email: `${name}@example.com`, signingSubkey: true });
    added.set(work, keys);
    const file = join(cwd, 'policies', 'trust.yaml');
    const text = readFileSync(file, 'utf8');
    const [validity] = /^ {4}valid_from: .*\n {4}valid_until: .*\n/m.exec(text) ?? [];
    if (validity === undefined) throw new Error('the trust file is not as this forge knows it');
    const people = Object.entries(keys).map(
      ([name, { fingerprint }]) =>
        `  - name: ${name}\n    fingerprint: "${fingerprint}"\n    roles: [approver]\n${validity}`,
    );
    const changed = text
      .replace('version: 1\n', 'version: 2\n')
      .replace('approver: { default: 0 }', `approver: { default: ${threshold} }`);
    const next = `${changed.trimEnd()}\n${people.join('')}`;
    writeFileSync(file, next);
    writeFileSync(`${file}.asc`, await governed.keys.root.sign(next));
    for (const key of Object.values(keys))
      writeFileSync(join(cwd, 'policies', 'keys', `${key.fingerprint}.asc`), key.publicArmored);
  },

  /** `intent-signed FILE PERSON...`: signatures of these people beside an intent. */
  'intent-signed': async (site, [file = '', ...people]) => {
    const path = resolve(site.cwd, file);
    for (const person of people) {
      const key = keyOf(site, person);
      writeFileSync(`${path}.${key.fingerprint}.asc`, await key.sign(readFileSync(path)));
    }
  },
};

function at(value: Json, [first, ...rest]: readonly string[], next: Json): Json {
  if (first === undefined) return next;
  if (Array.isArray(value))
    return value.map((item: Json, i) => (String(i) === first ? at(item, rest, next) : item));
  const object = value as Readonly<Record<string, Json>>;
  return { ...object, [first]: at(object[first] ?? null, rest, next) };
}
