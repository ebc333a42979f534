/**
 * The engine of compiled rules: a process of its own, because V8 ends the whole process when one allocation is too large; and a thread
 * in it, so that somebody is awake to end a loop, also when the run that started it is gone. Of what a module can import nothing leads
 * to a file, the network or a clock, and functions of the host are refused: they would be JavaScript, run for a stranger.
 */
import process from 'node:process';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { LoadedPolicy } from '@open-policy-agent/opa-wasm';
import type { RulesAnswer } from '../inputs/facts.ts';

export interface EngineQuestion {
  readonly module: Uint8Array;
  readonly entrypoint: string;
  /** JSON. */
  readonly input: Uint8Array;
  /** Milliseconds from the moment at which the engine is up. */
  readonly deadlineMs: number;
}

/** `results` is JSON text. */
export type EngineReply =
  | Exclude<RulesAnswer, { readonly is: 'answered' }>
  | { readonly is: 'answered'; readonly entrypoints: readonly string[]; readonly results: string };

type ThreadReply = EngineReply | { readonly is: 'ready' };

/** Pages of 64 KiB: 4 MiB at first, 64 MiB at most. What OPA compiles begins with a few pages. */
const PAGES = { initial: 64, maximum: 1_024 };
const HEAP = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };
/** Characters of JSON. */
const LONGEST_ANSWER = 256 * 1024;
/** Levels of an answer; a right one has five. The thread has a larger stack than whoever reads what it says. */
const DEEPEST = 64;
/** Entrypoints of one module, and characters of one of them. */
const MOST_ENTRYPOINTS = 1_000;

if (isMainThread) process.once('message', (question: EngineQuestion) => watch(question));
else void answer(workerData as EngineQuestion);

/** Starts the thread, passes its answer on, and ends it at the deadline, or when nobody waits for it any more. */
function watch(question: EngineQuestion): void {
  const thread = new Worker(import.meta.filename, {
    workerData: question,
    env: {},
    resourceLimits: HEAP,
    // What rules print is not escaped, and nobody's business.
    stdout: true,
    stderr: true,
  });
  let timer: NodeJS.Timeout | undefined;
  const tell = (reply: EngineReply): void => {
    if (process.connected) process.send?.(reply, () => process.disconnect());
  };
  process.once('disconnect', () => {
    clearTimeout(timer);
    void thread.terminate();
  });
  thread.on('message', (reply: ThreadReply) => {
    if (reply.is !== 'ready') tell(reply);
    else
      timer = setTimeout(
        () => tell({ is: 'failed', why: `no answer within ${String(question.deadlineMs)} ms` }),
        question.deadlineMs,
      );
  });
  thread.on('error', (error) => tell({ is: 'failed', why: whyOf(error) }));
}

async function answer(question: EngineQuestion): Promise<void> {
  const say = (reply: ThreadReply): void => parentPort?.postMessage(reply);
  try {
    say(await evaluate(question, () => say({ is: 'ready' })));
  } catch (thrown) {
    say({ is: 'failed', why: whyOf(thrown) });
  }
}

async function evaluate(
  { module, entrypoint, input }: EngineQuestion,
  ready: () => void,
): Promise<EngineReply> {
  const fail = (why: string): EngineReply => ({ is: 'failed', why });
  if (hasOwnMemory(module)) return fail('the module brings memory of its own, which could not be limited');
  // Here, because the process that watches does not need it.
  const { loadPolicy } = await import('@open-policy-agent/opa-wasm');
  ready();
  const rules = await loadPolicy(module, PAGES);
  const foreign = hostFunctions(rules);
  if (foreign.length > 0)
    return fail(
      `the module asks its host for ${foreign.join(', ')}; rules may use only what is compiled into them`,
    );
  const named = Object.keys(rules.entrypoints as object);
  if (named.length > MOST_ENTRYPOINTS || named.some((path) => path.length > MOST_ENTRYPOINTS))
    return fail('the module has too many entrypoints, or too long ones');
  const entrypoints = named.map((path) => path.toWellFormed());
  if (!named.includes(entrypoint)) return { is: 'no entrypoint', entrypoints };
  // An ArrayBuffer is taken as JSON text: the module gets these very bytes.
  const given: unknown = rules.evaluate(new Uint8Array(input).buffer, entrypoint);
  if (isDeeper(given, DEEPEST)) return fail(`the answer is nested deeper than ${String(DEEPEST)} levels`);
  const results = JSON.stringify(given) as string | undefined;
  if (results === undefined) return fail('the module gave nothing');
  return results.length > LONGEST_ANSWER
    ? fail(`the answer is longer than ${String(LONGEST_ANSWER)} characters`)
    : { is: 'answered', entrypoints, results };
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** What the library's own type cannot say where the types of WebAssembly are not loaded. */
interface Loaded {
  readonly wasmInstance: {
    readonly exports: { readonly builtins: () => number; readonly opa_json_dump: (value: number) => number };
  };
  readonly mem: { readonly buffer: ArrayBuffer };
}

/** The functions that a module asks its host for (OPA, WebAssembly ABI, `builtins`: an object of names). Texts end with NUL. */
function hostFunctions(rules: LoadedPolicy): readonly string[] {
  const { wasmInstance, mem } = rules as unknown as Loaded;
  const { builtins, opa_json_dump: dump } = wasmInstance.exports;
  const from = dump(builtins());
  const memory = new Uint8Array(mem.buffer);
  const text = new TextDecoder().decode(memory.subarray(from, memory.indexOf(0, from)));
  return Object.keys(JSON.parse(text) as object);
}

/**
 * Whether a module has a memory section: WebAssembly Core 5.5.2, sections of an id, a length in LEB128 and contents; 5 is memory.
 * What OPA compiles imports its memory. A module that is misread here is malformed, and is not compiled.
 */
function hasOwnMemory(module: Uint8Array): boolean {
  for (let at = 8; at < module.length;) {
    if (module[at++] === 5) return true;
    let length = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = module[at++] ?? 0;
      length += (byte & 0x7f) * 2 ** shift;
      more = byte >= 0x80;
    }
    at += length;
  }
  return false;
}

/** The library and the modules throw errors, texts, and objects with a message. */
function whyOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}
