/** Ports → the adapters behind them. Together with main.ts the only place that knows cloud and world. Each is loaded when it is used. */
import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Globals, Invocation } from './cli.ts';
import { GovbootError } from './kernel/errors.ts';
import type { CallerFacts, Mode } from './inputs/facts.ts';
import type { AwsApi } from './cloud/aws/api.ts';
import type { Again } from './cloud/aws/retry.ts';
import type { SdkApi } from './cloud/aws/sdk-api.ts';
import type { CloudTarget, Emit, EvidenceVault, Ports, Signer, VaultTarget } from './ports.ts';
import type { Redactor } from './world/redact.ts';

/** Tells of a secret, so that no log holds it. */
type Learn = Redactor['learn'];

/** This process, as the machine's facts tell of it. */
const ITSELF = { program: fileURLToPath(import.meta.url), nodeOptions: process.execArgv };

/** Makes the ports of one run. Nothing is read or reached before a command asks for it. */
export async function makePorts(invocation: Invocation, version: string, show: Emit): Promise<Ports> {
  const { globals, options } = invocation;
  const rehearse = 'rehearse' in options && options.rehearse;
  const mode: Mode = rehearse ? 'REHEARSAL' : 'LIVE';
  const root = rootOf(globals.repo);
  const judged = judgedOf(options) ?? root;
  const [
    { makeClock, makeRandom },
    { captureWarnings },
    { makeRepositoryOpener },
    { makeVerifier },
    { makeFiles, makeTrustFiles },
    { makePins, defaultPinsFile },
    { makeTerminal },
    { makeWizard },
    { makeMachine },
    { makeRules },
    { makeEvidenceStore },
  ] = await Promise.all([
    import('./world/host.ts'),
    import('./world/spoken.ts'),
    import('./world/repository.ts'),
    import('./world/verifier.ts'),
    import('./world/files.ts'),
    import('./world/pins.ts'),
    import('./world/terminal.ts'),
    import('./world/wizard.ts'),
    import('./world/machine.ts'),
    import('./world/rules.ts'),
    import('./world/evidence-store.ts'),
  ]);
  const { log, learn } = await logTo(globals, show);
  captureWarnings(log);
  const emit = toBoth(log, show);
  const interrupt = new AbortController();
  const clock = makeClock(interrupt.signal);
  return {
    mode,
    version,
    clock,
    random: makeRandom(),
    emit,
    repository: makeRepositoryOpener(root),
    verifier: makeVerifier({ repository: judged }),
    signer: lazySigner(globals, root, emit, learn),
    files: makeFiles(root),
    trustFiles: makeTrustFiles(root),
    pins: makePins(globals.pins === null ? defaultPinsFile(process.env) : resolve(globals.pins), judged),
    evidence: (environment) => makeEvidenceStore(root, evidenceFolder(mode, environment)),
    exhibit: async (path) => (await import('./world/exhibit-source.ts')).openExhibit(path),
    terminal: makeTerminal(process.env, clock),
    wizard: makeWizard(process.env, globals),
    ...lazyPorts(root),
    machine: makeMachine(process.env, { ...ITSELF, version, repository: root }),
    ...forTheDoctor(globals, root, clock),
    rules: makeRules({ engine: join(packageRoot(), 'dist', 'rules-engine.js') }),
    ...farAway(root, mode, { emit, clock, learn }),
    interrupted: watchInterrupts(interrupt),
  };
}

/** What was handed over to be verified is as little to be believed as a repository: it brings no pins and no verifiers of its own. */
function judgedOf(options: Invocation['options']): string | null {
  const handed = 'proof' in options ? (options.from ?? options.proof) : null;
  return handed === null ? null : rootOf(handed);
}

function toBoth(log: Emit, show: Emit): Emit {
  return (event) => {
    log(event);
    show(event);
  };
}

/** Keeps nothing where no log is asked for, and then loads nothing that could. */
async function logTo(
  { log, debug }: Globals,
  show: Emit,
): Promise<{ readonly log: Emit; readonly learn: Learn }> {
  if (log === null && !debug) return { log: () => undefined, learn: () => undefined };
  const [{ makeLog }, { makeRedactor }] = await Promise.all([
    import('./world/log.ts'),
    import('./world/redact.ts'),
  ]);
  const redactor = makeRedactor(process.env);
  const file = log ?? join(stateFolder(), 'logs', `${fileTime()}-${String(process.pid)}.log`);
  const written = makeLog({ file, redactor, full: debug, fresh: log === null });
  if (debug) show({ type: 'note', text: `everything is logged to ${file}, secrets redacted` });
  return { log: written, learn: redactor.learn };
}

/** Now, as it may stand in the name of a file on every system. */
function fileTime(): string {
  return new Date().toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
}

function rootOf(repo: string): string {
  const root = resolve(repo);
  try {
    return realpathSync(root);
  } catch {
    // A folder that does not exist yet is for the command to judge: `init` makes it.
    return root;
  }
}

/** Rehearsals have a ledger of their own: they must not use up an intent, nor lock what they only practised on. */
function evidenceFolder(mode: Mode, environment: string): string {
  return mode === 'REHEARSAL' ? `rehearsal/${environment}` : environment;
}

/** For few commands, or little evidence; the others do without. */
function lazyPorts(root: string): Pick<Ports, 'suggestions' | 'folders' | 'scaffold' | 'witnesses'> {
  const made = async (): Promise<Ports['suggestions']> =>
    (await import('./world/suggestions.ts')).makeSuggestions(root, process.env);
  const witnesses = async (): Promise<Ports['witnesses']> =>
    (await import('./world/witnesses.ts')).makeWitnesses();
  return {
    witnesses: {
      stampRequest: async (...asked) => (await witnesses()).stampRequest(...asked),
      readStamp: async (...asked) => (await witnesses()).readStamp(...asked),
      signedBy: async (...asked) => (await witnesses()).signedBy(...asked),
    },
    suggestions: {
      about: async (dir) => (await made()).about(dir),
      secretKeys: async () => (await made()).secretKeys(),
      publicKey: async (fingerprint) => (await made()).publicKey(fingerprint),
    },
    scaffold: (path) => readFile(join(packageRoot(), path)),
    folders: {
      files: async (path) => (await import('./world/folders.ts')).foldersFrom(root).files(path),
      entries: async (path) => (await import('./world/folders.ts')).foldersFrom(root).entries(path),
    },
  };
}

/** The key is looked for when something is to be signed, not before. */
function lazySigner(globals: Globals, repository: string, emit: Emit, learn: Learn): Signer {
  let made: Promise<Signer> | null = null;
  const signer = (): Promise<Signer> => {
    made ??= (async () => {
      const { makeSigner, parseSignerSpec } = await import('./world/signer.ts');
      if (globals.key === null)
        throw new GovbootError('SIGNER', 'no key was named to sign with', {
          hint: 'name it with --key: a fingerprint known to gpg, or an OpenPGP key file',
          data: { key: null },
        });
      const spec = parseSignerSpec(globals.key);
      if (spec.kind === 'file')
        return makeSigner({ ...spec, passphrase: () => askPassphrase(globals, emit, learn) });
      return makeSigner(spec.kind === 'gpg' ? { ...spec, repository } : spec);
    })();
    return made;
  };
  return {
    identity: async () => (await signer()).identity(),
    sign: async (bytes) => (await signer()).sign(bytes),
  };
}

/** Only one command asks them. */
function forTheDoctor(
  { key }: Globals,
  repository: string,
  clock: Ports['clock'],
): Pick<Ports, 'checkup' | 'cloudClock'> {
  return {
    checkup: async () => (await import('./world/checkup.ts')).makeCheckup(process.env, { repository, key }),
    cloudClock: {
      ask: async (target) => (await import('./cloud/aws/cloud-clock.ts')).makeCloudClock(clock).ask(target),
    },
  };
}

async function askPassphrase(globals: Globals, emit: Emit, learn: Learn): Promise<string> {
  const { makeWizard } = await import('./world/wizard.ts');
  const wizard = makeWizard(process.env, globals);
  if (!wizard.interactive)
    throw new GovbootError(
      'SIGNER',
      'the key file is protected by a passphrase, and nobody is there to give it',
      { hint: 'use gpg and its agent, or run it at a terminal' },
    );
  emit({ type: 'log', level: 'info', text: 'asking for the passphrase of the key file', data: {} });
  const passphrase = await wizard.secret('passphrase of the key file');
  learn(passphrase);
  return passphrase;
}

/** What every way to the cloud needs besides. */
interface Way {
  readonly emit: Emit;
  readonly clock: Ports['clock'];
  readonly learn: Learn;
}

function farAway(root: string, mode: Mode, way: Way): Pick<Ports, 'cloud' | 'vault'> {
  return {
    cloud: (target) => reach(target, mode, way),
    vault: (target) => openVault(target, root, mode, way),
  };
}

async function openVault(target: VaultTarget, root: string, mode: Mode, way: Way): Promise<EvidenceVault> {
  if (target.kind === 'folder')
    return (await import('./world/folder-vault.ts')).openFolderVault(root, target);
  const { makeBucketVault } = await import('./cloud/aws/bucket-vault.ts');
  const { account, region, endpoint } = target;
  // Only the environment's own store is rehearsed: another one is there, or is not.
  const isRehearsed = mode === 'REHEARSAL' && account !== null && region !== null && endpoint === null;
  const api = isRehearsed
    ? await rehearsalCloud({ ...target, account, region }, way.clock)
    : await sdkApi(target, way);
  return makeBucketVault({ api, clock: way.clock, place: target, onAgain: tellAgain(way.emit) });
}

function tellAgain(emit: Emit): (again: Again) => void {
  return ({ operation, times }) => {
    const often = times === 1 ? 'once' : `${String(times)} times`;
    emit({ type: 'note', text: `${operation} was tried again ${often}` });
  };
}

/** The SDK, told of in the log. */
async function sdkApi(
  { region, endpoint, profile }: Pick<VaultTarget, 'region' | 'endpoint' | 'profile'>,
  { emit, learn }: Pick<Way, 'emit' | 'learn'>,
): Promise<SdkApi> {
  const { makeSdkApi } = await import('./cloud/aws/sdk-api.ts');
  return makeSdkApi({
    region: region ?? 'us-east-1',
    endpoint,
    ...(profile === null ? {} : { profile }),
    onCall: (info) => {
      emit({ type: 'log', level: 'debug', text: 'call', data: { ...info } });
    },
    onCredentials: ({ secretAccessKey, sessionToken }) => {
      learn(secretAccessKey);
      if (sessionToken !== undefined) learn(sessionToken);
    },
  });
}

async function reach(
  target: CloudTarget,
  mode: Mode,
  { emit, clock, learn }: Way,
): ReturnType<Ports['cloud']> {
  const { makeAwsCloud } = await import('./cloud/aws/cloud.ts');
  const onAgain = tellAgain(emit);
  if (mode === 'REHEARSAL') {
    const api = await rehearsalCloud(target, clock);
    return makeAwsCloud({ api, clock, account: target.account, region: target.region, onAgain });
  }
  const { resolveRegion } = await import('./cloud/aws/sdk-api.ts');
  const api = await sdkApi(target, { emit, learn });
  const { cloud, claims } = makeAwsCloud({
    api,
    clock,
    account: target.account,
    region: target.region,
    onRetry: ({ fault, pauseMs, count }) => {
      const data = {
        operation: fault.operation,
        fault: fault.fault,
        tries: count,
        pause_ms: Math.round(pauseMs),
      };
      emit({ type: 'log', level: 'warn', text: 'tried again', data });
    },
    onAgain,
  });
  // Calls go to the region of the intent; that the operator's own settings say the same is for the gate to judge.
  const whoAmI = async (): Promise<CallerFacts> => ({
    ...(await cloud.whoAmI()),
    region: (await resolveRegion()) ?? target.region,
  });
  return { cloud: { ...cloud, whoAmI }, claims };
}

/** The rehearsal cloud of one environment; what was made in it stays for the next rehearsal. */
async function rehearsalCloud(
  target: Pick<CloudTarget, 'account' | 'region' | 'repository' | 'environment'>,
  clock: Ports['clock'],
): Promise<AwsApi> {
  const { openRehearsal } = await import('./cloud/rehearsal/open.ts');
  const file = join(stateFolder(), 'rehearsal', target.repository, `${target.environment}.json`);
  return openRehearsal({ file, target, clock });
}

/** From the first question on, SIGINT and SIGTERM stop the run between two steps; a second one ends the process at once. */
function watchInterrupts(controller: AbortController): () => boolean {
  let watching = false;
  return () => {
    if (!watching) {
      watching = true;
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.once(signal, () => {
          controller.abort();
        });
    }
    return controller.signal.aborted;
  };
}

/** XDG Base Directory Specification: state that should survive, but is not configuration. */
function stateFolder(): string {
  const xdg = process.env['XDG_STATE_HOME'];
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.local', 'state'), 'govboot');
}

/** Where policies/ and templates/ of the program lie: above dist/, or above src/ when it runs from source. */
function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return basename(here) === 'chunks' ? dirname(dirname(here)) : dirname(here);
}
