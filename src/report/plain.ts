/**
 * Events → words alone, one line a fact, for screen readers and for whoever greps: no table, no mark without a word, nothing that is told
 * by its place, and no line that is broken for the width of a window.
 */
import type { Event, PlanRow, PlanView } from '../kernel/events.ts';
import { duration, resultLine, type Printed } from './human.ts';
import { clean, type Style } from './style.ts';
import { shownChange, shownValue, shownWhole } from './value.ts';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

export function renderPlain(event: Event, style: Style): Printed {
  if (event.type === 'log') return { to: 'stderr', lines: [] };
  if (event.type === 'result')
    return { to: 'stdout', lines: event.lines.map((line) => resultLine(line, style)) };
  if (event.type === 'row')
    return { to: 'stdout', lines: rowOf(event).flatMap((fact) => linesOf(fact, style)) };
  return { to: 'stderr', lines: factsOf(event).flatMap((fact) => linesOf(fact, style)) };
}

/** A line break in a text is told, so that what follows it cannot pass for another fact. */
function linesOf(fact: string, style: Style): readonly string[] {
  return fact.split('\n').map((line, i) => `${i === 0 ? '' : 'continued: '}${clean(style, line)}`);
}

function factsOf(event: Exclude<Event, Of<'log'> | Of<'result'> | Of<'row'>>): readonly string[] {
  switch (event.type) {
    case 'progress':
      return [progress(event)];
    case 'gate':
      return gate(event);
    case 'plan':
      return plan(event.plan);
    case 'confirm':
      return confirm(event);
    case 'note':
      return [`note: ${event.text}`];
    case 'warning':
      return [`warning: ${event.text}`];
    case 'error':
      return [
        `error: ${event.message} [${event.code}]`,
        ...(event.hint === '' ? [] : [`hint: ${event.hint}`]),
      ];
  }
}

/** The section is in every line: a heading is a place, and a line is heard alone. */
function rowOf({ section, label, status, text, mend }: Of<'row'>): readonly string[] {
  if (label === '') return [];
  const word = { ok: 'ok: ', warning: 'warning: ', wrong: 'wrong: ', left: 'left out: ', plain: '' }[status];
  return [`${word}${section} ${label}: ${text}`, ...(mend === null ? [] : [`mend: ${mend}`])];
}

function progress({ state, text, ms }: Of<'progress'>): string {
  const words = { begin: 'begins', waiting: 'waits', done: 'done', failed: 'failed' } as const;
  return `${words[state]}: ${text}${ms === null ? '' : `, after ${duration(ms)}`}`;
}

function gate({ gate: name, status, because, findings }: Of<'gate'>): readonly string[] {
  const words = { pass: 'pass', fail: 'refused', undefined: 'undefined', error: 'error' } as const;
  return [
    `${words[status]}: ${name}: ${because}`,
    ...findings.flatMap(({ code, message, hint }) => [
      `finding: ${code}: ${message}`,
      ...(hint === '' ? [] : [`hint: ${hint}`]),
    ]),
  ];
}

function plan(view: PlanView): readonly string[] {
  const { counts } = view;
  return [
    ...(view.mode === 'REHEARSAL' ? ['REHEARSAL: no cloud is touched; every record says REHEARSAL'] : []),
    ...(view.endpoint === null
      ? []
      : [`ENDPOINT: all calls go to ${view.endpoint}, not to the provider itself`]),
    `plan for: ${view.environment}`,
    `account: ${view.account}, ${view.partition}, ${view.region}`,
    `caller: ${view.caller}`,
    `source: ${view.tag} at ${view.commit}`,
    `intent: ${view.intent}: ${view.action}`,
    `reason: ${view.reason}, ${view.ticket}`,
    `requester: ${view.requester}`,
    `signer: ${view.signer}`,
    ...view.rows.flatMap(row),
    `counts: ${String(counts.create)} to create, ${String(counts.adopt)} to adopt, ${String(counts.set)} to set, ${String(counts.keep)} to keep, ${String(counts.refuse)} refused`,
    `digest: ${view.digest}`,
    `expires: ${view.expires}`,
  ];
}

/** Values are told by this style: their text is cleaned with the line that they stand in. */
const WORDS: Style = {
  ...{ columns: Infinity, colour: false, unicode: true, terminal: false, results: false },
  plain: true,
};

function row({ kind, resource, name, control, title, from, to, why }: PlanRow): readonly string[] {
  const what = control === null ? `${resource} ${name}` : `${resource} ${control}`;
  const told = (text: string): string => `${kind}: ${what}: ${text}`;
  switch (kind) {
    case 'keep':
      return [`${kind}: ${what}`];
    case 'refuse':
      return [
        told(why ?? title),
        ...(from === null ? [] : [`found: ${what}: ${shownWhole(WORDS, control, from)}`]),
      ];
    case 'create':
      return [to === null ? `${kind}: ${what}` : told(`with ${shownValue(WORDS, null, to)}`)];
    case 'adopt':
      return [
        told(`found with ${shownValue(WORDS, 'tags', from)}`),
        ...(to === null ? [] : [told(`to carry ${shownValue(WORDS, 'tags', to)}`)]),
      ];
    case 'set':
      return shownChange(WORDS, control, from, to).map(told);
  }
}

function confirm({ token, word, expiresInSeconds }: Of<'confirm'>): readonly string[] {
  const does = {
    APPLY: { to: 'to carry this plan out', otherwise: 'and the cloud is not touched' },
    APPROVE: { to: 'to sign that this plan may be carried out, once', otherwise: 'and nothing is signed' },
  }[word];
  return [
    `${does.to}: type its token and then ${word}`,
    `to decline: Ctrl-C, ${does.otherwise}`,
    `token: ${token}`,
    `valid: ${String(expiresInSeconds)} seconds, once`,
  ];
}
