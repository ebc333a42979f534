// Builds dist/: one executable, its lazily loaded chunks, and a list of everything that went into them.
// Every dependency is bundled, so an installed govboot needs Node and nothing else.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// pino and commander are CommonJS and call require('node:…'). ES modules have no require, so each chunk
// makes its own. Locals, because bundled modules have a `global` and a `globalThis` of their own.
const banner = `
import { createRequire as __govbootCreateRequire } from 'node:module';
const require = __govbootCreateRequire(import.meta.url);
const __filename = import.meta.filename, __dirname = import.meta.dirname;
`.trim();

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  platform: 'node',
  target: 'node20.19',
  format: 'esm', // openpgp reads import.meta.url, which a CommonJS bundle would leave undefined
  bundle: true,
  mainFields: ['module', 'main'], // the ES module builds of the SDK can be tree-shaken
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160, // Node prints the whole line of an uncaught error
  legalComments: 'none', // licences are in THIRD-PARTY.txt, whole
  define: { __GOVBOOT_VERSION__: JSON.stringify(version) },
  metafile: true,
  write: false,
  logLevel: 'warning',
};

const program = await build({
  ...common,
  entryPoints: [
    { in: 'src/main.ts', out: 'chunks/main' },
    // A process is started from a file.
    { in: 'src/world/rules-engine.ts', out: 'rules-engine' },
  ],
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true, // import('…') becomes a chunk: what a command does not use is not read
  keepNames: true, // error.name and constructor.name are part of what govboot reports
  banner: { js: banner },
});

// By itself, so that asking for help reads one file.
const start = await build({
  ...common,
  entryPoints: [{ in: 'bin/govboot.ts', out: 'govboot' }],
  plugins: [
    {
      name: 'main',
      setup: ({ onResolve }) =>
        onResolve({ filter: /\/src\/main\.ts$/ }, () => ({ path: './chunks/main.js', external: true })),
    },
  ],
});

const metafile = {
  inputs: { ...program.metafile.inputs, ...start.metafile.inputs },
  outputs: { ...program.metafile.outputs, ...start.metafile.outputs },
};

/** The name, version and licence text of each package that is in the bundle. */
function thirdParty(metafile) {
  const homes = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const home = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (home !== undefined) homes.add(home);
  }
  const entries = [...homes].sort().map((home) => {
    const about = JSON.parse(readFileSync(join(root, home, 'package.json'), 'utf8'));
    const texts = readdirSync(join(root, home))
      .filter((name) => /^(licen[cs]e|notice)/i.test(name))
      .map((name) => readFileSync(join(root, home, name), 'utf8').trim());
    return [`${about.name} ${about.version} (${about.license})`, ...texts].join('\n\n');
  });
  return `${entries.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Writes by rename, so that a govboot which is running meanwhile never reads half a file. */
function put(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${String(process.pid)}.tmp`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
}

const outputs = new Map(
  [...program.outputFiles, ...start.outputFiles].map((file) => [file.path, file.contents]),
);
outputs.set(join(dist, 'THIRD-PARTY.txt'), thirdParty(metafile));
outputs.set(join(dist, 'meta.json'), `${JSON.stringify(metafile)}\n`);

// Chunks first and the executable last: nothing must ever name a file that is not there yet.
const executable = join(dist, 'govboot.js');
const rank = (path) => (path === executable ? 2 : path.startsWith(join(dist, 'chunks')) ? 0 : 1);
const inOrder = [...outputs].sort(([a], [b]) => rank(a) - rank(b));
for (const [path, contents] of inOrder) put(path, contents);

// Rendered by the program itself, asked in a way that does not look for the text of an earlier build.
const help = spawnSync(process.execPath, [executable, '--help', '--repo', '.'], { encoding: 'utf8' });
if (help.status !== 0 || help.stdout === '') throw new Error(`the help was not rendered: ${help.stderr}`);
outputs.set(join(dist, 'help.txt'), help.stdout);
put(join(dist, 'help.txt'), help.stdout);

// What an earlier build left behind goes last.
for (const entry of readdirSync(dist, { recursive: true })) {
  const path = join(dist, entry);
  if (!outputs.has(path) && statSync(path).isFile()) rmSync(path);
}

const bytes = [...outputs.keys()].filter((path) => path.endsWith('.js')).map((path) => statSync(path).size);
const total = (bytes.reduce((sum, size) => sum + size, 0) / 1024).toFixed(0);
console.log(`built ${relative(root, executable)} ${version}: ${String(bytes.length)} files, ${total} KiB`);
