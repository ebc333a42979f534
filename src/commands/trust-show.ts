/** `govboot trust show`: what is pinned here, how the present trust file follows from it, and who may do what. */
import { toJson } from '../kernel/json.ts';
import type { Roots, Trust } from '../inputs/trust.ts';
import { rootsOfPin } from '../gates/pin.ts';
import type { TrustStep } from '../gates/trust-chain.ts';
import { readTrustState, type TrustState } from '../street/trust-state.ts';
import type { CommandRun } from './command.ts';
import { jsonOfStep, linesOfStep, personLine, type Ended } from './trust-lines.ts';

export const trustShow: CommandRun<'trust show'> = async (ports) => {
  const state = await readTrustState(ports);
  const { present, pin, steps, ended } = state;
  const trust = present.value;
  ports.emit({
    type: 'result',
    command: 'trust show',
    value: {
      trust: toJson(trust),
      pin: pin === null ? null : toJson(pin),
      steps: steps.map((step) => jsonOfStep(step, ended)),
    },
    lines: [
      `repository ${trust.repository}, trust version ${String(trust.version)}, expires ${trust.expires}`,
      ...pinLines(state),
      'versions:',
      ...stepLines(steps, pin === null ? null : rootsOfPin(pin), ended),
      `root keys, ${String(trust.roots.threshold)} of ${String(trust.roots.keys.length)}:`,
      ...trust.roots.keys.map((print) => `  ${print}`),
      'people:',
      ...trust.people.map((person) => `  ${personLine(person)}`),
    ],
  });
};

/** Every step, each against the one before it. */
export function stepLines(steps: readonly TrustStep[], from: Roots | null, ended: Ended): readonly string[] {
  let before: Trust | Roots | null = from;
  return steps.flatMap((step) => {
    const lines = linesOfStep(step, before, ended);
    before = step.trust;
    return lines.map((line) => `  ${line}`);
  });
}

function pinLines({ pin, unpinned, present }: TrustState): readonly string[] {
  if (pin === null)
    return unpinned.map(
      ({ message }) => `pinned here: nothing; nothing passes until \`govboot trust pin\`: ${message}`,
    );
  const behind =
    pin.trustVersion < present.value.version
      ? '; `govboot trust update` moves the pin to the present one'
      : '';
  return [
    `pinned here: ${pin.roots.join(', ')} since ${pin.pinnedAt} (${pin.file})`,
    `  threshold ${String(pin.threshold)} of ${String(pin.roots.length)}, of version ${String(pin.trustVersion)}${behind}`,
  ];
}
