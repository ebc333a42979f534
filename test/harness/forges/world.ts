/** Forgeries of the machine, the cloud and the evidence. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Forge, ForgeSite } from '../forge.ts';
import { makeKey } from '../keys.ts';

/** Repaints the line, goes to its beginning, opens another, turns text round, and hides a letter. */
export const HOSTILE = 'Mallory\u001b[2K\rAlice\n\u009b31m\u202eecilA\u2066\u200b\u2028';

/** Folder of the rehearsal cloud of the repository; made where nothing was rehearsed yet. */
function cloudFolder({ env, governed: { root } }: ForgeSite): string {
  const trust = readFileSync(join(root, 'policies', 'trust.yaml'), 'utf8');
  const repository = /^repository: "?([0-9a-f-]{36})/m.exec(trust)?.[1];
  if (repository === undefined) throw new Error('policies/trust.yaml names no repository');
  const folder = join(env['XDG_STATE_HOME'] ?? '', 'govboot', 'rehearsal', repository);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

type Bucket = Record<string, unknown> & { policy: string | null };

/** Changes the one bucket of dev behind govboot's back, as somebody with other tools would. */
function changeBucket(site: ForgeSite, change: (bucket: Bucket) => Partial<Bucket>): void {
  changeOnly(site, 'buckets', (value) => change(value as Bucket));
}

/** The same of the one resource of a kind. */
function changeOnly(
  site: ForgeSite,
  part: string,
  change: (value: Record<string, unknown>) => Record<string, unknown>,
): void {
  const folder = cloudFolder(site);
  const newest = readdirSync(folder)
    .filter((name) => /^dev\.json\.\d{8}$/.test(name))
    .sort()
    .at(-1);
  if (newest === undefined) throw new Error(`${folder} holds no cloud of dev`);
  const state = JSON.parse(readFileSync(join(folder, newest), 'utf8')) as Record<
    string,
    Record<string, { history: { value: Record<string, unknown> }[] }>
  >;
  const cells = Object.values(state[part] ?? {});
  if (cells.length !== 1) throw new Error(`the cloud of dev has ${cells.length} ${part}, not 1`);
  for (const { history } of cells)
    for (const seen of history) seen.value = { ...seen.value, ...change(seen.value) };
  const next = String(Number(newest.slice(-8)) + 1).padStart(8, '0');
  writeFileSync(join(folder, `dev.json.${next}`), JSON.stringify(state));
}

export const worldForges: Readonly<Record<string, Forge>> = {
  /** `rehearsal-script JSON`: mishaps of the rehearsal cloud of dev, and who calls it. */
  'rehearsal-script': (site, [json = '']) => {
    writeFileSync(join(cloudFolder(site), 'dev.json.script'), JSON.stringify(JSON.parse(json)));
  },

  /** `bucket-of ACCOUNT`: the bucket's name belongs to somebody else. */
  'bucket-of': (site, [owner = '']) => {
    changeBucket(site, () => ({ owner }));
  },

  /** `cloud-set PART FIELD JSON`: a field of the one resource of `buckets`, `tables` or `keys`, as the rehearsal cloud keeps it. */
  'cloud-set': (site, [part = '', field = '', json = '']) => {
    changeOnly(site, part, () => ({ [field]: JSON.parse(json) as unknown }));
  },

  /** The bucket was made by hand: nothing says whose it is. */
  'bucket-by-hand': (site) => {
    changeBucket(site, () => ({ tags: null }));
  },

  /** `bucket-statement SID`: somebody let another account in, beside our own statements. `hostile` stands for a name that repaints. */
  'bucket-statement': (site, [sid = '']) => {
    changeBucket(site, ({ policy }) => {
      // What it was before it had one is kept for as long as a late read may still see it.
      if (policy === null) return {};
      const document = JSON.parse(policy) as { Statement: object[] };
      const added = {
        Sid: sid === 'hostile' ? HOSTILE : sid,
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::999999999999:root' },
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::acme-dev-tfstate-111111111111-eu-central-1/*',
      };
      return { policy: JSON.stringify({ ...document, Statement: [...document.Statement, added] }) };
    });
  },

  /** `canary FILE`: a program that leaves FILE.ran beside it when it is run; a module for Node where it ends in .cjs or .mjs. */
  canary: (site, [name = '']) => {
    const file = join(site.work, name);
    const ran = JSON.stringify(`${file}.ran`);
    const programs: Readonly<Record<string, string>> = {
      cjs: `require('node:fs').writeFileSync(${ran}, '');\n`,
      mjs: `import { writeFileSync } from 'node:fs';\nwriteFileSync(${ran}, '');\n`,
    };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, programs[name.split('.').at(-1) ?? ''] ?? `#!/bin/sh\n: >${ran}\n`);
    chmodSync(file, 0o755);
  },

  /** `aws FILE LINE…`: a file of the operator's AWS configuration; `$WORK` and the like are replaced by the script. */
  aws: (site, [name = '', ...lines]) => {
    const folder = join(site.env['HOME'] ?? '', '.aws');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  },

  /** Files whose names repaint the terminal, and a link whose target does. */
  'hostile-names': ({ governed: { root } }) => {
    writeFileSync(join(root, `file ${HOSTILE}`), '');
    writeFileSync(join(root, 'modules\r'), '');
    symlinkSync(`target ${HOSTILE}`, join(root, 'link'));
  },

  /** `hostile-evidence`: a file that nobody wrote for govboot, with such a name. */
  'hostile-evidence': ({ governed: { root } }) => {
    writeFileSync(join(root, 'evidence', 'rehearsal', 'dev', `file ${HOSTILE}`), '');
  },

  /** `hostile-key FILE`: a key of nobody, whose user id repaints the terminal. */
  'hostile-key': async (_site, [file = '']) => {
    // The line feed is left out: OpenPGP.js would not make such a key, and GnuPG would not either.
    const key = await makeKey({ name: HOSTILE.replace('\n', ''), email: 'mallory@example.com' });
    writeFileSync(file, key.privateArmored, { mode: 0o600 });
  },
};
