/** How the tests of the commands run one: with ports over a world, and what it said. */
import type { Json } from '../../../src/kernel/json.ts';
import { GovbootError } from '../../../src/kernel/errors.ts';
import type { CommandName, CommandOptions, CommandRun } from '../../../src/commands/command.ts';
import { makePorts, type PortsOptions, type TestPorts } from '../../harness/ports.ts';

/** One look at one environment. */
export const DRIFT_OF_DEV: CommandOptions['drift'] = {
  environment: 'dev',
  all: false,
  watch: false,
  every: null,
  profile: null,
  rehearse: false,
};

export interface Ran {
  readonly ports: TestPorts;
  readonly error: GovbootError | null;
  /** Lines of the result, for people; empty without one. */
  readonly lines: readonly string[];
  readonly value: Readonly<Record<string, Json>>;
}

/** Runs one command in a process of its own. What is not a GovbootError is thrown on. */
export async function run<N extends CommandName>(
  command: CommandRun<N>,
  options: CommandOptions[N],
  ports: PortsOptions,
): Promise<Ran> {
  const made = makePorts(ports);
  const error = await command(made, options).then(
    () => null,
    (thrown: unknown) => {
      if (thrown instanceof GovbootError) return thrown;
      throw thrown;
    },
  );
  const results = made.events.filter((event) => event.type === 'result');
  if (results.length > 1) throw new Error('a command has one result');
  const [result] = results;
  return { ports: made, error, lines: result?.lines ?? [], value: (result?.value ?? {}) as Ran['value'] };
}
