/** The pages that are tables of the code: exit codes, controls. */
import { CODES, type CodeEntry } from '../../../src/kernel/codes.ts';
import { EXITS, type Exit } from '../../../src/kernel/exit.ts';
import { AWS_PROFILE } from '../../../src/cloud/aws/profile.ts';
import { AWS_TABLE } from '../../../src/cloud/aws/table.ts';
import type { Clause, ControlSpec } from '../../../src/plan/control.ts';
import { code, page, table } from './markdown.ts';

const exits: readonly (readonly [string, { readonly code: number; readonly means: string }])[] =
  Object.entries(EXITS).sort(([, a], [, b]) => a.code - b.code);
const codes: readonly (readonly [string, CodeEntry])[] = Object.entries(CODES);

export function exitTable(): string {
  return table(
    ['exit', 'means'],
    exits.map(([, { code: n, means }]) => [String(n), means]),
  );
}

export function exitsPage(): string {
  return page(
    'Exit codes',
    'src/kernel/exit.ts and src/kernel/codes.ts',
    'One number for what became of a run. The reason is an [error code](errors.md), told on stderr, and in the `error` event with `--json`.',
    table(
      ['exit', 'name', 'means', 'error codes'],
      exits.map(([name, { code: n, means }]) => [String(n), name, means, codesOf(name as Exit)]),
    ),
    'Anything else that ends the process with 1 comes from Node itself, before govboot began.',
  );
}

function codesOf(exit: Exit): string {
  return codes
    .filter(([, entry]) => entry.exit === exit)
    .map(([name]) => `[${name}](errors.md#${name.toLowerCase()})`)
    .join(', ');
}

export function controlsPage(): string {
  const all = AWS_TABLE.flatMap((resource) => resource.controls);
  return page(
    'Controls on AWS',
    'the table in src/cloud/aws/table.ts',
    `${String(AWS_TABLE.length)} resources, ${String(all.length)} controls. A control is one row of the table that says what a backend must be; plan, apply, read-back, evidence and this page are views of it. Which resources a policy wants, and the values, follow from \`policies/parity.yaml\`.`,
    'Flags: **born** – set by the call that makes the resource; **birth only** – cannot be changed afterwards; **final** – cannot be undone.',
    'A clause beside a control says that the control supports it. It does not say that the whole clause is met: most clauses ask for more than a state backend can give.',
    ...AWS_TABLE.map((resource) =>
      [
        `## ${code(resource.id)} – ${resource.title}`,
        `Type in \`allowed_resources\`: \`${resource.kind}\`.${resource.after.length > 0 ? ` Made after: ${resource.after.map(code).join(', ')}.` : ''}`,
        table(
          ['control', 'what', 'why', 'needs', 'flags', 'supports'],
          resource.controls.map((control) => [
            code(control.id),
            control.title,
            control.why,
            control.needs.join(', '),
            flags(control),
            grouped(control.satisfies),
          ]),
        ),
      ].join('\n\n'),
    ),
    '## Clause by clause',
    table(['catalogue', 'clause', 'controls'], clauseRows(all)),
    '## What the store must offer',
    `What a control needs is data, so that a plan for a store that lacks it is refused before anything is written. ${AWS_PROFILE.title} offers: ${AWS_PROFILE.offers.join(', ')}.`,
  );
}

function flags(control: ControlSpec): string {
  return [
    control.atCreation === true ? 'born' : '',
    control.creationOnly === true ? 'birth only' : '',
    control.irreversible === true ? 'final' : '',
  ]
    .filter((flag) => flag !== '')
    .join(', ');
}

const CATALOGUES: readonly Clause['catalogue'][] = ['FSBP', 'CIS AWS 5.0', 'ISO/IEC 27001:2022', 'SOC 2'];

function grouped(clauses: readonly Clause[]): string {
  return CATALOGUES.flatMap((catalogue) => {
    const ids = clauses.filter((clause) => clause.catalogue === catalogue).map(({ id }) => id);
    return ids.length === 0 ? [] : [`${catalogue} ${ids.join(', ')}`];
  }).join('; ');
}

function clauseRows(controls: readonly ControlSpec[]): readonly (readonly string[])[] {
  const inOrder = new Intl.Collator('en', { numeric: true });
  return CATALOGUES.flatMap((catalogue) => {
    const ids = controls.flatMap(({ satisfies }) =>
      satisfies.filter((clause) => clause.catalogue === catalogue).map(({ id }) => id),
    );
    return [...new Set(ids)].sort(inOrder.compare).map((id) => [
      catalogue,
      id,
      controls
        .filter(({ satisfies }) =>
          satisfies.some((clause) => clause.catalogue === catalogue && clause.id === id),
        )
        .map((control) => code(control.id))
        .join(', '),
    ]);
  });
}
