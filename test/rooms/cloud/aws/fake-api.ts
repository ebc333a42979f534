/** An AwsApi made of answers, for the cases that no emulator can be brought to: lost answers, denials, races. */
import {
  ApiFault,
  type AwsApi,
  type FaultKind,
  type Input,
  type Operation,
  type Output,
} from '../../../../src/cloud/aws/api.ts';

type Answers = { readonly [O in Operation]?: (input: Input<O>) => Partial<Output<O>> };

export interface FakeApi extends AwsApi {
  /** Every call, in order, with its input. */
  readonly calls: { readonly operation: Operation; readonly input: unknown }[];
  names(): readonly string[];
}

/** Answers each call by its function; a call without one is a mistake of the test. */
export function fakeApi(answers: Answers): FakeApi {
  const calls: { operation: Operation; input: unknown }[] = [];
  return {
    calls,
    names: () => calls.map(({ operation }) => operation),
    async call(operation, input) {
      calls.push({ operation, input });
      const answer = answers[operation] as ((given: unknown) => object) | undefined;
      if (answer === undefined) throw new TypeError(`the test answers no ${operation}`);
      return { $metadata: { requestId: `r${calls.length}`, attempts: 1 }, ...answer(input) } as never;
    },
  };
}

/** A failure of `operation`, as the seam tells it. */
export function fault(
  operation: Operation,
  kind: FaultKind,
  name: string,
  status: number | null = 400,
  attempts = 1,
): ApiFault {
  return new ApiFault({
    operation,
    kind,
    fault: name,
    message: `said ${name}`,
    status,
    requestId: 'r0',
    attempts,
  });
}

/** A clock that only moves when somebody pauses. */
export function fakeClock() {
  let now = 0;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => now,
    monotonic: () => now,
    pause: async (ms: number) => {
      pauses.push(ms);
      now += ms;
    },
  };
}
