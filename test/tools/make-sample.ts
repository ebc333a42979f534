/** Makes the sample of evidence in evidence/sample: a real rehearsal by the built program, with throw-away keys. Run by hand. */
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../harness/capabilities.ts';
import { makeGoverned } from '../harness/governed-repo.ts';
import { playApply } from '../harness/operator.ts';

const target = join(projectRoot, 'evidence', 'sample');
if (existsSync(target)) throw new Error(`${target} exists; move it away first`);
const governed = await makeGoverned({ endpoint: null, env: { AWS_REGION: 'eu-central-1' }, github: true });
const args = [...governed.globals, '--key', governed.keyFile('alice'), 'apply', 'dev', '--rehearse'];
const played = await playApply(args, { cwd: governed.folder, env: governed.env, rows: 60 });
if (played.code !== 0) throw new Error(played.screen);
cpSync(join(governed.repo.root, 'evidence', 'rehearsal', 'dev'), target, { recursive: true });
// What an auditor would have on paper.
writeFileSync(
  join(projectRoot, 'evidence', 'sample-root-fingerprint.txt'),
  `${governed.keys.root.fingerprint}\n`,
);
