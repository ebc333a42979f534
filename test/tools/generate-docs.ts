/**
 * Makes the documents that are views of the code, so that the two cannot disagree.
 *
 *     npm run docs              writes them
 *     npm run docs -- --check   fails and names the files that are not current (part of `npm run lint`)
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { cliPage } from './docs/cli-page.ts';
import { controlsPage, exitTable, exitsPage } from './docs/tables.ts';
import { errorsPage } from './docs/errors-page.ts';
import { eventsPage } from './docs/events-page.ts';
import { manPages, withManPages } from './docs/man-pages.ts';
import { permissionsPage } from './docs/permissions-page.ts';
import { rolesPage } from './docs/roles-page.ts';
import { schemaFiles } from './docs/schemas.ts';
import { threatsPage } from './docs/threats-page.ts';
import { verifiersPage } from './docs/verifiers-page.ts';
import { between } from './docs/markdown.ts';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Path from the root of the project → the text that it must have. */
export type Documents = ReadonlyMap<string, string>;

/** Every generated document, whole; README.md and package.json with their generated parts. Reads, writes nothing. */
export async function documents(root = ROOT): Promise<Documents> {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  return new Map([
    ['README.md', between(read('README.md'), 'exit codes', exitTable())],
    ['docs/errors.md', errorsPage()],
    ['docs/exit-codes.md', exitsPage()],
    ['docs/controls.md', controlsPage()],
    ['docs/permissions.md', permissionsPage(read('policies/parity.yaml.tmpl'))],
    ['docs/roles.md', rolesPage()],
    ['docs/events.md', eventsPage(read('src/kernel/events.ts'))],
    ['docs/cli.md', await cliPage()],
    ['docs/threats.md', threatsPage()],
    ['docs/verifiers.md', verifiersPage()],
    ['package.json', withManPages(read('package.json'))],
    ...manPages(),
    ...(await schemaFiles()),
  ]);
}

/** The documents that are missing or other than the code says. */
export function stale(made: Documents, root = ROOT): readonly string[] {
  return [...made].flatMap(([path, text]) => {
    const file = join(root, path);
    return existsSync(file) && readFileSync(file, 'utf8') === text ? [] : [path];
  });
}

async function main(check: boolean): Promise<number> {
  const made = await documents();
  const old = stale(made);
  if (check) {
    for (const path of old) console.error(`${path} is not what the code says`);
    if (old.length > 0) console.error('mend it with: npm run docs');
    return old.length > 0 ? 1 : 0;
  }
  for (const path of old) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), made.get(path) ?? '');
    console.log(`wrote ${path}`);
  }
  if (old.length === 0) console.log('every generated document is current');
  return 0;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.includes('--check'));
}
