/**
 * `govboot approve`: on the approver's own machine, in their own clone. Judges what can be judged without a cloud, shows the whole plan,
 * asks at the terminal, and signs the bytes that were shown.
 */
import { GovbootError } from '../kernel/errors.ts';
import { tokenOf } from '../plan/token.ts';
import { planView } from '../plan/plan.ts';
import { emitVerdicts } from '../pipeline.ts';
import { confirm } from '../apply/confirm.ts';
import { checkedSigner } from '../evidence/sign.ts';
import { approverFinding, windowFindings } from '../gates/approval.ts';
import { judgeWithoutCloud } from '../gates/index.ts';
import { toolFindings } from '../gates/identity.ts';
import { weakeningFindings } from '../gates/process.ts';
import type { Fingerprint } from '../inputs/facts.ts';
import {
  approvableOf,
  emitApproval,
  planFindings,
  readOfferedPlan,
  refuseFindings,
  runOf,
  type Here,
  type OfferedPlan,
} from '../street/approval.ts';
import { gather } from '../street/gather.ts';
import { withoutCloud } from '../street/parts.ts';
import { refuseRefused } from '../street/refusals.ts';
import type { Ports } from '../ports.ts';
import type { CommandRun } from './command.ts';

/** Seconds in which the token and the word are to be typed. */
const CONFIRM_SECONDS = 300;

export const approve: CommandRun<'approve'> = async (ports, { file }) => {
  const offered = await readOfferedPlan(ports.files, file);
  const { plan, digest } = offered;
  const here = await judgeHere(ports, offered);
  const { fingerprint } = await ports.signer.identity();
  judgeApprover(ports, here, offered, fingerprint);
  ports.emit({ type: 'plan', plan: planView(plan, digest) });
  refuseRefused(plan);
  const target = `${file}.${fingerprint}.asc`;
  if (await ports.files.exists(target)) throw new GovbootError('FILE_EXISTS', `${target} exists already`);
  for (const text of toldOf(offered)) ports.emit({ type: 'note', text });
  for (const text of foundAlready(offered)) ports.emit({ type: 'warning', text });
  await confirm(ports, tokenOf(digest), { word: 'APPROVE', expiresInSeconds: CONFIRM_SECONDS });
  const signature = await signed(ports, here, offered, fingerprint);
  // The question, or the card, may have taken longer than the window.
  refuseFindings(windowFindings(approvableOf(offered, here.passed), ports.clock.now()));
  await ports.files.create(target, signature);
  ports.emit({
    type: 'result',
    command: 'approve',
    value: { path: target, signer: fingerprint, digest },
    lines: [
      `approved plan ${digest} by ${fingerprint}: ${target}`,
      'next: hand it to the operator, who names it with `govboot apply --approval`',
    ],
  });
};

/** Judges this clone by the gates that need no cloud. @throws GATES_REFUSED */
async function judgeHere(ports: Ports, { plan }: OfferedPlan): Promise<Here> {
  const { environment, intent, signer } = plan;
  const request = { environment, intent: intent.file, resume: false };
  const gathered = await gather(withoutCloud(ports, 'approve'), request);
  const { verdicts, established } = judgeWithoutCloud(gathered.facts);
  emitVerdicts(ports.emit, verdicts);
  if (established === null)
    throw new GovbootError('GATES_REFUSED', `this clone does not allow the plan for ${environment}`, {
      hint: 'mend what each line says, in your own clone, and run it again',
    });
  return { gathered, passed: established, signer: signer?.fingerprint ?? null };
}

/** @throws the code of the first thing that is wrong with the plan, its window, or who would approve it */
function judgeApprover(ports: Ports, here: Here, offered: OfferedPlan, fingerprint: Fingerprint): void {
  const { gathered, passed } = here;
  const now = ports.clock.now();
  const approvable = approvableOf(offered, passed);
  const who = { file: 'the key', primary: fingerprint };
  const findings = [
    ...weakeningFindings(gathered.facts.machine),
    ...toolFindings(gathered.facts.programs, passed.parity),
    ...planFindings(ports.mode, here, offered, runOf(here, offered)),
    ...windowFindings(approvable, now),
    ...[approverFinding(who, approvable, passed.trust, now)].filter((found) => found !== null),
  ];
  emitApproval(ports.emit, { findings, because: `plan ${offered.digest} is what this clone would ask for` });
  refuseFindings(findings);
}

/** What the approver's own machine has checked, and what it cannot. */
function toldOf({ plan: { target, created_at: from, expires_at: until } }: OfferedPlan): readonly string[] {
  return [
    'checked against this clone: repository, environment, tag, commit, tree, intent, policy, trust file, templates, account, region and names',
    `seen by the operator's machine only: the caller ${target.caller}, and the state of the cloud from which the steps come; apply makes the steps again and refuses any others`,
    `your approval holds from ${from} until ${until}, for this plan, once`,
  ];
}

/** A first bootstrap that finds something adopts it, and no evidence here can say who made it. */
function foundAlready({ plan: { intent, steps } }: OfferedPlan): readonly string[] {
  const found = steps.flatMap((step) =>
    step.kind === 'keep' && step.control === null ? [step.resource] : [],
  );
  return intent.action === 'create' && found.length > 0
    ? [`there already, and to be adopted: ${found.join(', ')}; ask which run made them before you approve`]
    : [];
}

async function signed(
  { signer, verifier, clock }: Ports,
  { gathered }: Here,
  { file }: OfferedPlan,
  fingerprint: Fingerprint,
): Promise<Uint8Array> {
  const keyFile = gathered.files.keys.find(({ path }) => path.endsWith(`/${fingerprint}.asc`));
  if (keyFile === undefined)
    throw new GovbootError('SIGNER', `policies/keys/${fingerprint}.asc is missing, so nobody could check it`);
  return checkedSigner(signer, verifier, keyFile, () => clock.now())(file.bytes);
}
