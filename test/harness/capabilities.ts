/** What this machine has that some tests need, and a record of what could not be run without it. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export type Tool =
  | 'gpg'
  | 'gpgv'
  | 'sqv'
  | 'sq'
  | 'rnp'
  | 'git'
  | 'openssl'
  | 'terraform'
  | 'tofu'
  | 'aws-provider'
  | 'moto'
  | 'opa'
  | 'aws'
  | 'jq';

export type Capability =
  { readonly present: true; readonly version: string } | { readonly present: false; readonly why: string };

export const tools: readonly Tool[] = [
  ...([
    'gpg',
    'gpgv',
    'sqv',
    'sq',
    'rnp',
    'git',
    'openssl',
    'terraform',
    'tofu',
    'aws-provider',
    'moto',
    'opa',
    'aws',
    'jq',
  ] as const),
];

/** The root of the project. */
export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const absent = (why: string): Capability => ({ present: false, why });

/** Runs a command for its answer: null when it cannot be started or says no. */
function ask(command: string, args: readonly string[]): string | null {
  // Terraform reads a file named by the environment, which on some machines names none.
  const env = { ...process.env, TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1' };
  const run = spawnSync(command, args, { encoding: 'utf8', env, timeout: 30_000 });
  return run.status === 0 ? run.stdout : null;
}

/** Where a command is on PATH, or null. */
export function whereIs(command: string): string | null {
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => place !== '');
  return places.map((place) => join(place, command)).find((path) => existsSync(path)) ?? null;
}

/** Asks a tool for its version; the first number in its first line is taken. */
function versioned(command: string, args: readonly string[]): Capability {
  if (whereIs(command) === null) return absent(`${command} is not on PATH`);
  const said = ask(command, args);
  if (said === null) return absent(`${command} ${args.join(' ')} failed`);
  return { present: true, version: /\d+(?:\.\d+)+/.exec(said)?.[0] ?? said.trim() };
}

/** The interpreter of a script, from its first line: null for a shim, which is a shell script. */
function interpreterOf(script: string): string | null {
  const line = readFileSync(script, 'utf8').split('\n', 1)[0] ?? '';
  return /^#!\s*(\S*python\S*)/.exec(line)?.[1] ?? null;
}

/** The Pythons that may have moto, the likeliest first. */
function pythons(): readonly string[] {
  const script = whereIs('moto_server');
  return [
    process.env['GOVBOOT_TEST_PYTHON'] ?? null,
    script === null ? null : interpreterOf(script),
    join(projectRoot, '.venv', 'bin', 'python'),
    'python3',
  ].filter((python) => python !== null);
}

let python: { readonly command: string; readonly version: string } | null | undefined;

/** A Python that can import moto's server, with moto's version; null when there is none. */
export function pythonWithMoto(): { readonly command: string; readonly version: string } | null {
  if (python !== undefined) return python;
  python = null;
  for (const command of pythons()) {
    const version = ask(command, ['-c', 'import moto, moto.server; print(moto.__version__)']);
    if (version === null) continue;
    python = { command, version: version.trim() };
    break;
  }
  return python;
}

/** Where Terraform looks for unpacked providers by itself, and where images of build machines tend to keep them. */
const MIRRORS = [
  process.env['GOVBOOT_TEST_PROVIDERS'] ?? null,
  process.env['HOME'] === undefined ? null : join(process.env['HOME'], '.terraform.d', 'plugins'),
  '/usr/local/share/terraform/plugins',
  '/usr/share/terraform/plugins',
  '/opt/tf-plugins',
];

/** A filesystem mirror that has the provider hashicorp/aws, with its newest version; null when there is none. */
export function providerMirror(): { readonly folder: string; readonly version: string } | null {
  for (const folder of MIRRORS) {
    if (folder === null) continue;
    const versions = join(folder, 'registry.terraform.io', 'hashicorp', 'aws');
    if (!existsSync(versions)) continue;
    const version = readdirSync(versions)
      .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .at(-1);
    if (version !== undefined) return { folder, version };
  }
  return null;
}

function detect(tool: Tool): Capability {
  switch (tool) {
    case 'moto': {
      const found = pythonWithMoto();
      if (found !== null) return { present: true, version: found.version };
      return absent('no Python here can import moto.server (.ci/run installs it into .venv)');
    }
    case 'aws-provider': {
      const mirror = providerMirror();
      if (mirror !== null) return { present: true, version: mirror.version };
      return absent('no mirror of registry.terraform.io/hashicorp/aws is installed');
    }
    case 'terraform':
    case 'tofu':
    case 'opa':
      return versioned(tool, ['version']);
    case 'sq': {
      // Since 1.0 it has a command for it.
      const found = versioned('sq', ['--version']);
      return found.present ? found : versioned('sq', ['version']);
    }
    case 'rnp':
      return whereIs('rnpkeys') === null ? absent('rnpkeys is not on PATH') : versioned('rnp', ['--version']);
    case 'gpg':
    case 'gpgv':
    case 'sqv':
    case 'git':
    case 'aws':
    case 'jq':
      return versioned(tool, ['--version']);
    case 'openssl':
      return versioned(tool, ['version']);
  }
}

const known = new Map<Tool, Capability>();

/** Whether a tool is here, in which version, or why not. Asked once a process. */
export function capability(tool: Tool): Capability {
  const answer = known.get(tool) ?? detect(tool);
  known.set(tool, answer);
  return answer;
}

/** The file in which skipped tests leave their reasons, one JSON object a line; the reporter reads it. */
const notRunFile = 'GOVBOOT_NOT_RUN_FILE';

/** Says in the closing banner that `what` was not run, and why. */
export function recordNotRun(what: string, why: string): void {
  const file = process.env[notRunFile];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ what, why })}\n`);
}

/** What was recorded, each entry once. */
export function readNotRun(): readonly { readonly what: string; readonly why: string }[] {
  const file = process.env[notRunFile];
  if (file === undefined || !existsSync(file)) return [];
  const lines = new Set(
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  );
  return [...lines].map((line) => JSON.parse(line) as { what: string; why: string });
}

/**
 * True when the tool is here. When it is not, the reason goes into the closing banner, so that a skipped
 * test is never a quiet one; and where GOVBOOT_REQUIRE names the tool (as CI does) its absence is an error.
 *
 *     const moto = requireOrSkip('moto', 'the AWS contract');
 *     describe.skipIf(!moto)('the AWS contract', () => { … });
 */
export function requireOrSkip(tool: Tool, what: string): boolean {
  const answer = capability(tool);
  if (answer.present) return true;
  const required = (process.env['GOVBOOT_REQUIRE'] ?? '').split(/[\s,]+/);
  if (required.includes(tool)) throw new Error(`${what} needs ${tool}: ${answer.why}`);
  recordNotRun(what, answer.why);
  return false;
}
