/**
 * The one-way street. This file is the architecture: what it refuses cannot be merged.
 *
 * `ls src` reads as the order of a run: inputs -> gates -> plan -> (confirm) -> apply -> evidence.
 * Each room may import itself and the rooms beside its name, nothing else.
 */
const rooms = {
  kernel: [], // the words everyone uses
  inputs: ['kernel'], // bytes -> checked values
  gates: ['kernel', 'inputs'], // facts -> verdicts; never sees a plan
  doctor: ['kernel', 'inputs', 'gates'], // what a machine and a repository are like -> what is missing
  plan: ['kernel', 'inputs'], // what is, against what should be; never sees a verdict
  apply: ['kernel', 'inputs', 'plan', 'ports'], // carries a plan out, through ports only
  evidence: ['kernel', 'inputs', 'gates', 'plan', 'apply', 'ports'], // what was decided and done
  street: ['kernel', 'inputs', 'gates', 'plan', 'apply', 'evidence', 'doctor', 'ports'], // gathers facts, keeps the record
  report: ['kernel'], // events -> text
  commands: [
    'kernel',
    'inputs',
    'gates',
    'doctor',
    'plan',
    'apply',
    'evidence',
    'ports',
    'street',
    'pipeline',
  ],
  cloud: ['kernel', 'inputs', 'plan', 'ports'], // I/O: the SDKs
  world: ['kernel', 'inputs', 'ports'], // I/O: this machine
};

/** The files that stand outside the rooms. main.ts is not here: it may import everything. */
const files = {
  ports: ['kernel', 'inputs', 'plan'],
  pipeline: ['kernel', 'inputs', 'gates', 'plan', 'apply', 'evidence', 'ports', 'street'],
  cli: ['kernel', 'commands', 'ports'],
  wire: ['cli', 'kernel', 'inputs', 'plan', 'evidence', 'ports', 'cloud', 'world', 'wire-cloud'], // ports -> the adapters behind them
  'wire-cloud': ['inputs', 'ports', 'cloud', 'world'], // the same, as far as they reach a cloud
};

const at = (name) => (name in rooms ? `^src/${name}/` : `^src/${name}\\.ts$`);

const street = Object.entries({ ...rooms, ...files }).map(([from, allowed]) => ({
  name: `${from}-may-import`,
  comment: `${from} may import only: ${allowed.join(', ') || 'itself'}.`,
  severity: 'error',
  from: { path: at(from) },
  to: { path: '^src/', pathNot: [from, ...allowed].map(at) },
}));

/** Whatever is not a file of this repository: Node's own modules and packages. */
const outside = [
  'core',
  'npm',
  'npm-dev',
  'npm-no-pkg',
  'npm-optional',
  'npm-peer',
  'npm-unknown',
  'unknown',
];

/** The few outside modules that a pure file may use, because they compute and touch nothing. */
const pureExceptions = [
  { from: '^src/kernel/digest\\.ts$', to: '^(node:)?crypto$' },
  { from: '^src/kernel/canonical\\.ts$', to: '(^|/)node_modules/canonicalize/' },
  { from: '^src/inputs/', to: '(^|/)node_modules/(zod|yaml)/' },
];

const io = '^src/(cloud/|world/|cli\\.ts$|wire(-cloud)?\\.ts$|main\\.ts$)';

module.exports = {
  forbidden: [
    ...street,
    {
      name: 'known-room',
      comment: 'A new file belongs in a room, or in the table above.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: [...Object.keys({ ...rooms, ...files }), 'main'].map(at) },
    },
    {
      name: 'main-is-the-top',
      comment: 'main.ts imports everything; only bin/ imports main.ts.',
      severity: 'error',
      from: { pathNot: '^bin/' },
      to: { path: at('main') },
    },
    {
      name: 'bin-imports-main',
      comment: 'bin/ starts main.ts and does nothing else with src/.',
      severity: 'error',
      from: { path: '^bin/' },
      to: { path: '^src/', pathNot: at('main') },
    },
    {
      name: 'pure',
      comment: 'Only cloud/, world/, cli.ts, wire.ts and main.ts touch Node or packages; the rest is pure.',
      severity: 'error',
      from: { path: '^src/', pathNot: [io, ...pureExceptions.map(({ from }) => from)] },
      to: { dependencyTypes: outside },
    },
    ...pureExceptions.map(({ from, to }) => ({
      name: 'pure-exception',
      comment: `${from} may use ${to} and nothing else from outside.`,
      severity: 'error',
      from: { path: from },
      to: { dependencyTypes: outside, pathNot: to },
    })),
    {
      name: 'ports-are-types',
      comment:
        'ports.ts says what the core needs. It holds no code, so it is imported, and imports, as types.',
      severity: 'error',
      from: { path: at('ports') },
      to: { dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'ports-imported-as-types',
      comment: 'Importing ports.ts for its values would mean that it has some.',
      severity: 'error',
      from: {},
      to: { path: at('ports'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-tests-in-the-product',
      comment: 'Tests know the product; the product does not know the tests.',
      severity: 'error',
      from: { path: '^(src|bin)/' },
      to: { path: '^test/' },
    },
    {
      name: 'declared-packages-only',
      comment: 'What ships is bundled from dependencies, never from devDependencies or by luck of hoisting.',
      severity: 'error',
      from: { path: '^(src|bin)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-cycles',
      comment: 'A street that goes one way does not come back.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true, // type imports count: a type from the wrong room is a wrong dependency too
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
