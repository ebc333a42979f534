/** Runs a script of the project if it is there: tsx test/harness/if-present.ts path/to/script.ts [arguments]. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const [script = '', ...args] = process.argv.slice(2);
const path = resolve(script);
if (existsSync(path)) {
  // The script sees its own name and arguments, as if it had been started by itself.
  process.argv.splice(1, process.argv.length, path, ...args);
  await import(pathToFileURL(path).href);
} else {
  console.log(`${script} is not here; nothing to run`);
}
