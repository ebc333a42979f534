/** Makes the vectors in test/vectors, with new throw-away keys. Run by hand; never overwrites. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../harness/capabilities.ts';
import { documents } from './vectors/documents.ts';
import { makeSigned } from './vectors/signed.ts';

const sets = [...documents, ...(await makeSigned())];
const folders = sets.map(({ kind }) => join(projectRoot, 'test', 'vectors', kind));
const there = folders.find((folder) => existsSync(folder));
if (there !== undefined) throw new Error(`${there} exists; move it away first`);
for (const { kind, ext, ...verdicts } of sets) {
  for (const verdict of ['good', 'bad'] as const) {
    const folder = join(projectRoot, 'test', 'vectors', kind, verdict);
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of verdicts[verdict])
      writeFileSync(join(folder, `${name}.${ext}`), content, { flag: 'wx' });
  }
}
