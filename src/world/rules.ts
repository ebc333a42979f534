/** Starts the engine of compiled rules: without an environment, without streams, away from the repository. */
import { fork, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import process from 'node:process';
import { messageOf } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { RulesAnswer } from '../inputs/facts.ts';
import type { Rules } from '../ports.ts';
import type { EngineQuestion, EngineReply } from './rules-engine.ts';

export interface RulesDeps {
  /** The built rules-engine.ts. */
  readonly engine: string;
  /** Milliseconds that rules may take; 2,000 if not given. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 2_000;
/** Milliseconds beyond the deadline, in which the engine must be up; only a machine that stands still needs them. */
const START_MS = 20_000;
/** MiB of heap of the process itself, which only passes messages on; its thread and the rules have limits of their own. */
const HEAP_MIB = 32;

export function makeRules({ engine, deadlineMs = DEADLINE_MS }: RulesDeps): Rules {
  return {
    async evaluate({ module, entrypoint, input }) {
      const child = fork(engine, [], {
        execArgv: [`--max-old-space-size=${String(HEAP_MIB)}`],
        // A core file, where the machine writes them, must not land in the work tree.
        cwd: tmpdir(),
        env: process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {},
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      try {
        return await answerOf(child, { module, entrypoint, input, deadlineMs });
      } finally {
        child.kill('SIGKILL');
      }
    },
  };
}

function answerOf(child: ChildProcess, question: EngineQuestion): Promise<RulesAnswer> {
  let timer: NodeJS.Timeout | undefined;
  return new Promise<RulesAnswer>((resolve) => {
    const fail = (why: string): void => resolve({ is: 'failed', why });
    const patience = START_MS + question.deadlineMs;
    timer = setTimeout(() => fail(`the engine said nothing within ${String(patience)} ms`), patience);
    child.on('message', (reply: EngineReply) =>
      resolve(reply.is === 'answered' ? { ...reply, results: JSON.parse(reply.results) as Json } : reply),
    );
    child.on('error', (error) => fail(`the engine cannot be started: ${messageOf(error)}`));
    child.on('exit', (code, signal) => fail(`the engine ended with ${String(signal ?? code)}`));
    child.send(question, (error) => {
      if (error !== null) fail(`the engine cannot be asked: ${messageOf(error)}`);
    });
  }).finally(() => clearTimeout(timer));
}
