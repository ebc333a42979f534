import { CHECKS, GATES, type GateId } from '../../gates/verdict.ts';
import { code, list, say, section, type Topic } from './topic.ts';

const ASKS: Readonly<Record<GateId, string>> = {
  source: 'Are these the files that somebody released?',
  intent: 'Do the right people want exactly this, once, now?',
  parity: 'Does the policy allow it, and are the environments alike?',
  identity: 'Who is calling, and how?',
  immutability: 'Is there something that must not be touched?',
};

export const GATES_TOPIC: Topic = {
  name: 'gates',
  title: 'what must hold before anything is planned or created',
  sections: [
    section(
      'DESCRIPTION',
      say(
        'Five gates stand before the plan. `govboot check` judges them and does nothing else; `govboot plan` and `govboot apply` judge them first. `apply` judges them a second time after the confirmation, from files that are read anew, right before its first write.',
      ),
      say(
        'All five are judged and all failures are shown together, each with a code, the wrong value, its line and column where it stands in a document, and what to do. No option, variable or file skips a gate.',
      ),
    ),
    section(
      'THE GATES',
      list(...GATES.map((gate) => [gate, `${ASKS[gate]} It checks: ${CHECKS[gate].join(', ')}.`] as const)),
    ),
    section(
      'WHAT HAPPENS',
      list(
        ['pass', 'every check of the list was made, and every one holds'],
        ['fail', 'a check does not hold; the findings below it say which'],
        [
          'undefined',
          'a check could not be made, because what it needs is missing. That is no pass: what could not be judged is refused.',
        ],
        ['error', 'judging it failed. That is no pass either.'],
      ),
      say(
        'If a gate does not pass, the command ends with exit code 3, and the cloud was not written to. A refused `apply` is put into the ledger where there is one (GATE_FAIL); `check` and `plan` write nothing.',
      ),
      say(
        'The caller is asked for with `sts:GetCallerIdentity`, and by no way that the identity gate refuses. `check --rehearse` asks nobody but the rehearsal cloud on this machine.',
      ),
      say(
        'After the gates the cloud itself has a say: where it is marked with a run that this evidence does not know, the run ends with LOCKED_ELSEWHERE.',
      ),
    ),
    section(
      'EXAMPLES',
      code(
        'govboot check dev',
        'govboot check dev --rehearse',
        'govboot check --explain TREE_MISMATCH',
        'govboot check dev --json | jq -r \'select(.type == "gate")\'',
      ),
    ),
    section(
      'FILES',
      list(
        ['policies/trust.yaml', 'who may sign; read by source and intent'],
        ['policies/parity.yaml', 'what every environment must look like; read by parity and identity'],
        ['policies/*.wasm', "the team's own rules, compiled from Rego; run by parity"],
        ['intents/ENVIRONMENT.yaml', 'what is wanted, with its signatures beside it'],
        ['evidence/ENVIRONMENT', 'what was done before; read by immutability'],
      ),
    ),
  ],
  seeAlso: [
    'govboot check --help',
    'govboot help trust',
    'govboot help exit-codes',
    'docs/trust.md',
    'docs/rules.md',
  ],
};
