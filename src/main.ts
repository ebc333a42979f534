/** The only place that wires cloud and world to the rest: options → ports → command → exit code. */
import { makeProgram, usageError, type Globals, type Invocation } from './cli.ts';
import type { GovbootError } from './kernel/errors.ts';
import { isGovbootError, messageOf } from './kernel/errors.ts';
import { EXITS } from './kernel/exit.ts';
import { safe } from './kernel/text.ts';
import type { CommandName, CommandRun } from './commands/command.ts';
import type { Event } from './kernel/events.ts';
import type { Emit, Ports } from './ports.ts';
import type { Display } from './world/display.ts';
import type { Renderers } from './world/style-of.ts';
import { stacksOf } from './world/stacks.ts';
import { makePorts } from './wire.ts';

declare const __GOVBOOT_VERSION__: string | undefined;
const VERSION = typeof __GOVBOOT_VERSION__ === 'string' ? __GOVBOOT_VERSION__ : '0.0.0-source';

/** Each command is loaded when it is run: `--help` needs none of them. */
const COMMANDS: { readonly [N in CommandName]: () => Promise<CommandRun<N>> } = {
  init: async () => (await import('./commands/init.ts')).init,
  'trust pin': async () => (await import('./commands/trust-pin.ts')).trustPin,
  'trust show': async () => (await import('./commands/trust-show.ts')).trustShow,
  'trust sign': async () => (await import('./commands/trust-sign.ts')).trustSign,
  'trust next': async () => (await import('./commands/trust-next.ts')).trustNext,
  'trust update': async () => (await import('./commands/trust-update.ts')).trustUpdate,
  'intent new': async () => (await import('./commands/intent-new.ts')).intentNew,
  'intent sign': async () => (await import('./commands/intent.ts')).intentSign,
  'intent check': async () => (await import('./commands/intent.ts')).intentCheck,
  check: async () => (await import('./commands/check.ts')).check,
  plan: async () => (await import('./commands/plan.ts')).plan,
  approve: async () => (await import('./commands/approve.ts')).approve,
  apply: async () => (await import('./commands/apply.ts')).apply,
  verify: async () => (await import('./commands/verify.ts')).verify,
  drift: async () => (await import('./commands/drift.ts')).drift,
  prove: async () => (await import('./commands/prove.ts')).prove,
  'evidence push': async () => (await import('./commands/evidence-push.ts')).evidencePush,
  'evidence pull': async () => (await import('./commands/evidence-pull.ts')).evidencePull,
  'evidence status': async () => (await import('./commands/evidence-status.ts')).evidenceStatus,
  'evidence stamp': async () => (await import('./commands/evidence-stamp.ts')).evidenceStamp,
  'evidence statement': async () => (await import('./commands/evidence-stamp.ts')).evidenceStatement,
  'evidence attach': async () => (await import('./commands/evidence-attach.ts')).evidenceAttach,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  status: async () => (await import('./commands/status.ts')).status,
  log: async () => (await import('./commands/log.ts')).log,
  show: async () => (await import('./commands/show.ts')).show,
  'backend render': async () => (await import('./commands/backend-render.ts')).backendRender,
  completion: async () => (await import('./commands/completion.ts')).completion,
};

/** The display of the run under way, and whom its events are told: the display, and its log. */
let display: Display | null = null;
let tell: Emit | null = null;

/** Tells at once what nobody caught. @returns the exit code */
export function bug(error: unknown): number {
  const told = { type: 'error', ...described(error) } as const;
  if (display === null) process.stderr.write(`govboot: error: ${safe(told.message)} [${told.code}]\n`);
  else {
    tell?.(thrown(error));
    (tell ?? display.emit)(told);
    display.end();
  }
  return EXITS.bug.code;
}

/** Runs one command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  // Asked by the completion of a shell, at every press of a key.
  if (argv[0] === 'complete' && argv[1] === '--') return complete(argv.slice(2));
  const program = makeProgram(VERSION, run, {
    stdout: (text) => {
      process.stdout.write(text);
    },
    stderr: (text) => {
      process.stderr.write(text);
    },
    columns: process.stdout.columns,
  });
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return EXITS.ok.code;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return EXITS.ok.code;
  } catch (error) {
    if (error instanceof Reported) return error.exitCode;
    const usage = usageError(error);
    if (usage === null) return EXITS.ok.code;
    return await report(usage ?? error, { json: argv.includes('--json'), plain: argv.includes('--plain') });
  }
}

async function complete(words: readonly string[]): Promise<number> {
  const [{ candidates }, { environmentNames, intentPaths }] = await Promise.all([
    import('./commands/complete.ts'),
    import('./world/names.ts'),
  ]);
  const found = candidates(words, { environments: environmentNames, intents: intentPaths });
  process.stdout.write(found.map((word) => `${word}\n`).join(''));
  return EXITS.ok.code;
}

/** A failure that was told already, on its way to the exit code. */
class Reported extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('reported');
    this.exitCode = exitCode;
  }
}

async function run(invocation: Invocation): Promise<void> {
  tell = null;
  display = await openDisplay(invocation.globals);
  try {
    const ports = await makePorts(invocation, VERSION, display.emit);
    tell = ports.emit;
    try {
      await start(invocation, ports);
    } catch (error) {
      ports.emit(thrown(error));
      ports.emit({ type: 'error', ...described(error) });
      throw new Reported(exitCodeOf(error));
    }
  } finally {
    display.end();
  }
}

async function start<N extends CommandName>(invocation: Invocation<N>, ports: Ports): Promise<void> {
  const command = await COMMANDS[invocation.command]();
  await command(ports, invocation.options);
}

async function openDisplay({ json, plain }: Pick<Globals, 'json' | 'plain'>): Promise<Display> {
  const [{ makeDisplay }, { styleOf }, human, { renderJson }, { Live }] = await Promise.all([
    import('./world/display.ts'),
    import('./world/style-of.ts'),
    plain ? plainly() : import('./report/human.ts').then(({ renderEvent }) => renderEvent),
    import('./report/json.ts'),
    import('./report/live.ts'),
  ]);
  return makeDisplay(
    { json, ...styleOf(process.env, { plain }) },
    { human, json: renderJson, live: new Live() },
  );
}

async function plainly(): Promise<Renderers['human']> {
  return (await import('./report/plain.ts')).renderPlain;
}

/** For the log: what was thrown, with its stacks. */
function thrown(error: unknown): Event {
  return { type: 'log', level: 'debug', text: 'thrown', data: { stacks: stacksOf(error) } };
}

function described(error: unknown): {
  code: GovbootError['code'];
  message: string;
  hint: string;
  data: GovbootError['data'];
} {
  if (isGovbootError(error))
    return { code: error.code, message: error.message, hint: error.hint, data: error.data };
  return {
    code: 'BUG',
    message: `unexpected: ${messageOf(error)}`,
    hint: 'this is a bug; run it again with --debug and report it with the file that it names',
    data: {},
  };
}

function exitCodeOf(error: unknown): number {
  return isGovbootError(error) ? error.exitCode : EXITS.bug.code;
}

async function report(error: unknown, how: Pick<Globals, 'json' | 'plain'>): Promise<number> {
  tell = null;
  display = await openDisplay(how);
  display.emit({ type: 'error', ...described(error) });
  display.end();
  return exitCodeOf(error);
}
