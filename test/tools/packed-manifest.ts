/**
 * The package.json of the package, for `npm pack`: what is in the bundle is no dependency of it any more, so that the one file
 * installs where no registry can be reached. `prepack` puts it in the place of the project's own and `postpack` puts that one back.
 */
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

type Manifest = Readonly<Record<string, unknown>>;

/** What somebody who installs the package needs to know of it. */
const KEPT = ['name', 'version', 'description', 'license', 'type', 'engines', 'bin', 'man', 'files'] as const;

export function packed(manifest: Manifest): Manifest {
  return Object.fromEntries(KEPT.flatMap((name) => (name in manifest ? [[name, manifest[name]]] : [])));
}

const file = 'package.json';
const own = join('node_modules', '.package-of-the-project.json');

function putBack(): void {
  if (existsSync(own)) renameSync(own, file);
}

switch (process.argv[2]) {
  case 'put': {
    // A pack that was killed left the other one in its place.
    putBack();
    copyFileSync(file, own);
    const manifest = packed(JSON.parse(readFileSync(file, 'utf8')) as Manifest);
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
    break;
  }
  case 'put-back':
    putBack();
    break;
  default:
    console.error('packed-manifest: put, or put-back');
    process.exitCode = 2;
}
