/** `govboot trust update`: moves the pin of this machine to the present version, along versions that vouch for each other. */
import { GovbootError } from '../kernel/errors.ts';
import type { PinFacts } from '../inputs/facts.ts';
import { rootsOfPin } from '../gates/pin.ts';
import { isGood } from '../gates/trust-chain.ts';
import { misplaced, otherRoots, rollback } from '../gates/trust-way.ts';
import type { Finding } from '../gates/verdict.ts';
import type { Ports } from '../ports.ts';
import { readTrustState } from '../street/trust-state.ts';
import type { CommandRun } from './command.ts';
import { jsonOfStep } from './trust-lines.ts';
import { stepLines } from './trust-show.ts';

/** Nothing is typed: every step is vouched for by what was pinned from paper once. */
export const trustUpdate: CommandRun<'trust update'> = async (ports) => {
  const { present, pin, unpinned, kept, steps, ended } = await readTrustState(ports);
  if (pin === null) throw refusal(ports, unpinned);
  const wrong = [...rollback(present, [pin], []), ...misplaced(present, kept), ...otherRoots(present, pin)];
  if (wrong.length > 0) throw refusal(ports, wrong);
  const stop = steps.findIndex((step) => !isGood(step));
  const walked = stop < 0 ? steps : steps.slice(0, stop);
  const target = walked.at(-1)?.trust ?? null;
  const isFar = steps[stop]?.isFar === true;
  if (target === null || (stop >= 0 && !isFar))
    throw refusal(
      ports,
      steps.flatMap(({ gaps, unsigned }) => [...gaps, ...unsigned]),
    );
  const moved: PinFacts = {
    ...pin,
    roots: target.roots.keys,
    threshold: target.roots.threshold,
    trustVersion: target.version,
    pinnedAt: ports.clock.now(),
  };
  if (moved.trustVersion > pin.trustVersion) await ports.pins.save(moved);
  if (present.value.expires <= ports.clock.now())
    ports.emit({
      type: 'warning',
      text: `version ${String(present.value.version)} expired at ${present.value.expires}: nothing passes until there is a newer one`,
    });
  ports.emit({
    type: 'result',
    command: 'trust update',
    value: {
      repository: pin.repository,
      from: pin.trustVersion,
      to: moved.trustVersion,
      roots: [...moved.roots],
      threshold: moved.threshold,
      file: pin.file,
      steps: walked.map((step) => jsonOfStep(step, ended)),
    },
    lines: [
      ...stepLines(walked, rootsOfPin(pin), ended),
      moved.trustVersion === pin.trustVersion
        ? `the pin of repository ${pin.repository} is of version ${String(pin.trustVersion)} already`
        : `moved the pin of repository ${pin.repository} from version ${String(pin.trustVersion)} to ${String(moved.trustVersion)}`,
      ...moved.roots.map((print) => `  root ${print}`),
      `  threshold ${String(moved.threshold)} of ${String(moved.roots.length)}`,
      `in ${pin.file}`,
      ...(isFar ? ['next: run it again; one run walks only so far'] : []),
    ],
  });
};

/** The first finding as the error of the command; the others are told as warnings. */
function refusal(ports: Ports, findings: readonly Finding[]): GovbootError {
  const [first, ...more] = findings;
  for (const { code, message } of more) ports.emit({ type: 'warning', text: `${code}: ${message}` });
  return new GovbootError(first?.code ?? 'TRUST_INVALID', first?.message ?? 'the pin cannot be moved', {
    ...(first === undefined ? {} : { hint: first.hint, data: first.data }),
  });
}
