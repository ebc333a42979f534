import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What computes and touches nothing: same arguments, same answer, on every machine and day. */
const pure = [
  ...['kernel', 'inputs', 'gates', 'doctor', 'plan', 'apply', 'evidence', 'report', 'commands'].map(
    (room) => `src/${room}/**`,
  ),
  ...['ports', 'gather', 'pipeline'].map((file) => `src/${file}.ts`),
];

const ambient = [
  ...['process', 'fetch', 'performance', 'crypto', 'setTimeout', 'setInterval', 'setImmediate'],
  ...['console', 'navigator', 'Date'],
].map((name) => ({ name, message: 'Pure code gets this from a port, or as an argument.' }));

// Leaving in the middle loses what was not yet written, evidence included. bin sets process.exitCode.
const noExit = {
  object: 'process',
  property: 'exit',
  message: 'Return an exit code to main; only bin decides.',
};
const noNow = { object: 'Date', property: 'now', message: 'The time comes through a port.' };
const noRandom = { object: 'Math', property: 'random', message: 'Randomness comes through a port.' };

export default defineConfig(
  { ignores: ['dist/', 'coverage/', '.venv/', 'node_modules/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // What is never awaited can fail unseen, or never happen at all.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-restricted-properties': ['error', noExit],
      eqeqeq: ['error', 'always', { null: 'ignore' }],

      // Rules that cost more than they catch here.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // A port is asynchronous even where one of its adapters has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // [...text] gives code points, and code points are what the canonical forms here are about.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // TypeScript's noPropertyAccessFromIndexSignature asks for x['y'] where this would forbid it.
      '@typescript-eslint/dot-notation': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      // Results go to stdout and all else to stderr, and the reporters know which is which.
      'no-console': 'error',
      // The object `z` holds the messages of fifty languages, and so no bundler can leave them out.
      'no-restricted-syntax': [
        'error',
        {
          selector: "ImportDeclaration[source.value='zod'] > :not(ImportNamespaceSpecifier).specifiers",
          message: "Write import * as z from 'zod'.",
        },
      ],
    },
  },
  {
    // After what nobody caught, going on with half of a run would be worse than leaving.
    files: ['bin/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // One table with a row a code: cutting it up would make codes harder to find, not easier.
    files: ['src/kernel/codes.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: pure,
    rules: {
      'no-restricted-globals': ['error', ...ambient],
      'no-restricted-properties': ['error', noExit, noRandom, noNow],
    },
  },
  {
    // Turning an instant into text and back is arithmetic; nothing here asks what time it is.
    files: ['src/kernel/time.ts'],
    rules: { 'no-restricted-globals': ['error', ...ambient.filter(({ name }) => name !== 'Date')] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // A test may throw whatever a dependency might.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  {
    // The tooling itself is plain JavaScript, run by Node as it is.
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: { console: 'readonly', module: 'writable' } },
  },
);
