/** The page of events, from the types and comments of src/kernel/events.ts. */
import ts from 'typescript';
import { code, fence, page, table } from './markdown.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

interface Shape {
  readonly name: string;
  readonly comment: string;
  readonly fields: readonly Field[];
}

export function eventsPage(source: string): string {
  const file = ts.createSourceFile('events.ts', source, ts.ScriptTarget.Latest, true);
  const interfaces = file.statements.filter(ts.isInterfaceDeclaration);
  const union = file.statements.find(
    (statement): statement is ts.TypeAliasDeclaration =>
      ts.isTypeAliasDeclaration(statement) && statement.name.text === 'Event',
  );
  if (union === undefined || !ts.isUnionTypeNode(union.type))
    throw new Error('src/kernel/events.ts has no union "Event"');
  const events = union.type.types.filter(ts.isTypeLiteralNode).map((literal): Shape => {
    const fields = fieldsOf(literal.members, file);
    const type = fields.find((field) => field.name === 'type')?.type ?? '';
    return {
      name: type.replaceAll("'", ''),
      comment: commentBefore(literal, file),
      fields: fields.filter((field) => field.name !== 'type'),
    };
  });
  const shapes = interfaces.map((each): Shape => ({
    name: each.name.text,
    comment: commentBefore(each, file),
    fields: fieldsOf(each.members, file),
  }));
  return page(
    'Events',
    'src/kernel/events.ts',
    'With `--json` every event is one JSON object on one line of stdout, in the order in which it happened. What is safe to print is kept so: control, bidi and invisible characters stand as `\\uXXXX`, the values are the same.',
    fence('sh', 'govboot check dev --json | jq -c \'select(.type == "gate") | [.gate, .status]\''),
    'A reader must ignore events and fields that it does not know. Events of type `log` are never on stdout. The file of `--log` gets them, with warnings and errors, one JSON object a line, secrets redacted.',
    ...events.map((event) => section(code(event.name), event)),
    '## Shapes used above',
    ...shapes.map((shape) => section(shape.name, shape, '###')),
  );
}

function section(title: string, { comment, fields }: Shape, level = '##'): string {
  return [
    `${level} ${title}`,
    ...(comment === '' ? [] : [comment]),
    table(
      ['field', 'type', 'what'],
      fields.map((field) => [code(field.name), code(field.type), field.comment]),
    ),
  ].join('\n\n');
}

function fieldsOf(members: ts.NodeArray<ts.TypeElement>, file: ts.SourceFile): readonly Field[] {
  return members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(file),
    type: (member.type?.getText(file) ?? '').replaceAll(/\breadonly /g, '').replaceAll(/\s+/g, ' '),
    comment: commentBefore(member, file),
  }));
}

/** The text of the doc comment right before a node, in one line. */
function commentBefore(node: ts.Node, file: ts.SourceFile): string {
  const text = file.getFullText();
  const comments = [
    ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
    // Before the bar of a union the comment belongs to no node of the parser.
    ...(ts.getLeadingCommentRanges(text, beforeBar(text, node.getFullStart())) ?? []),
  ];
  const last = comments
    .map(({ pos, end }) => text.slice(pos, end))
    .findLast((each) => each.startsWith('/**'));
  return (last ?? '')
    .replace(/^\/\*\*|\*\/$/g, '')
    .replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Where the white space and comments before a union's bar begin; the position itself where there is no bar. */
function beforeBar(text: string, position: number): number {
  if (text[position - 1] !== '|') return position;
  return Math.max(text.lastIndexOf('}', position - 1), text.lastIndexOf('=', position - 1)) + 1;
}
