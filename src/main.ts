/** The only place that wires cloud and world to the rest: options → ports → command → exit code. */
import { makeProgram, usageError, type Invocation } from './cli.ts';
import type { GovbootError } from './kernel/errors.ts';
import { isGovbootError, messageOf } from './kernel/errors.ts';
import { EXITS } from './kernel/exit.ts';
import { safe } from './kernel/text.ts';
import type { CommandName, CommandRun } from './commands/command.ts';
import type { Ports } from './ports.ts';
import type { Display } from './world/display.ts';
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
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  status: async () => (await import('./commands/status.ts')).status,
  log: async () => (await import('./commands/log.ts')).log,
  show: async () => (await import('./commands/show.ts')).show,
  'backend render': async () => (await import('./commands/backend-render.ts')).backendRender,
};

/** The display of the run under way. */
let display: Display | null = null;

/** Tells at once what nobody caught. @returns the exit code */
export function bug(error: unknown): number {
  const told = { type: 'error', ...described(error) } as const;
  if (display === null) process.stderr.write(`govboot: error: ${safe(told.message)} [${told.code}]\n`);
  else {
    display.emit(told);
    display.end();
  }
  return EXITS.bug.code;
}

/** Runs one command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
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
    return await report(usage ?? error, argv.includes('--json'));
  }
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
  display = await openDisplay(invocation.globals.json);
  try {
    const ports = await makePorts(invocation, VERSION, display.emit);
    try {
      await start(invocation, ports);
    } catch (error) {
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

async function openDisplay(json: boolean): Promise<Display> {
  const [{ makeDisplay }, { styleOf }, { renderEvent }, { renderJson }, { Live }] = await Promise.all([
    import('./world/display.ts'),
    import('./world/style-of.ts'),
    import('./report/human.ts'),
    import('./report/json.ts'),
    import('./report/live.ts'),
  ]);
  return makeDisplay(
    { json, ...styleOf(process.env) },
    { human: renderEvent, json: renderJson, live: new Live() },
  );
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
    hint: 'this is a bug; run it again with --log FILE and report it with that file',
    data: {},
  };
}

function exitCodeOf(error: unknown): number {
  return isGovbootError(error) ? error.exitCode : EXITS.bug.code;
}

async function report(error: unknown, json: boolean): Promise<number> {
  display = await openDisplay(json);
  display.emit({ type: 'error', ...described(error) });
  display.end();
  return exitCodeOf(error);
}
