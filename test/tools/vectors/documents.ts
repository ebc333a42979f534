/** The vectors that are text from first to last: canonical JSON, intents, trust files and parity policies. */
import {
  edited,
  INTENT_YAML,
  PARITY_WITH_STORE_YAML,
  PARITY_YAML,
  PRINTS,
  TRUST_YAML,
} from '../../harness/facts.ts';
import { under, type Row, type Vectors } from './vectors.ts';

const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1');

// --- canonical -----------------------------------------------------------------------------------------------------------

/** RFC 8785 Appendix B, the rows that are JSON numbers. */
const NUMBERS =
  `0 5e-324 -5e-324 1.7976931348623157e+308 -1.7976931348623157e+308 9007199254740992 -9007199254740992
  295147905179352830000 9.999999999999997e+22 1e+23 1.0000000000000001e+23 999999999999999700000 999999999999999900000
  1e+21 9.999999999999997e-7 0.000001 333333333.3333332 333333333.33333325 333333333.3333333 333333333.3333334
  333333333.33333343 -0.0000033333333333333333 1424953923781206.2`.split(/\s+/);

const canonical: Vectors = {
  kind: 'canonical',
  ext: 'json',
  good: [
    // RFC 8785 §3.2.3: by UTF-16 code units, so the emoji (D83D DE00) goes before U+FB33.
    [
      'rfc8785-sorting',
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}\n',
    ],
    // RFC 8785 §3.2.2, as written after §3.2.3.
    [
      'rfc8785-example',
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}\n',
    ],
    ['rfc8785-numbers', `[${NUMBERS.join(',')}]\n`],
    ['escapes', '"\\u0000\\b\\t\\n\\f\\r\\u001b\\u001f\u007f\u2028"\n'],
    ['proto-is-a-name', '{"__proto__":{"admin":true}}\n'],
    ['decomposed-is-kept', '"e\u0301"\n'],
    ['empty-object', '{}\n'],
    ['null', 'null\n'],
  ],
  bad: under('NOT_CANONICAL', {
    'duplicate-key': '{"a":1,"a":1}\n',
    'duplicate-key-by-escape': '{"a":1,"\\u0061":2}\n',
    'white-space': '{"a": 1}\n',
    'leading-space': ' {"a":1}\n',
    'key-order': '{"b":1,"a":2}\n',
    'key-order-by-code-points': '{"\ufb33":1,"😀":2}\n',
    'nested-key-order': '[{"b":1,"a":2}]\n',
    'number-1.0': '[1.0]\n',
    'number-1e2': '[1e2]\n',
    'number-1E+23': '[1E+23]\n',
    'number-minus-zero': '[-0]\n',
    'number-2-to-53-plus-1': '[9007199254740993]\n',
    'number-1e400': '[1e400]\n',
    'number-leading-zero': '[01]\n',
    nan: '[NaN]\n',
    'byte-order-mark': '\ufeff{"a":1}\n',
    crlf: '{"a":1}\r\n',
    'no-line-feed': '{"a":1}',
    'two-line-feeds': '{"a":1}\n\n',
    'escape-u0041': '"\\u0041"\n',
    'escape-upper-case-hex': '"\\u001B"\n',
    'escape-u000a': '"\\u000a"\n',
    'escaped-slash': '"\\/"\n',
    'raw-control-character': '"\u001b"\n',
    'bad-utf8': latin('"\xff"\n'),
    'overlong-utf8': latin('"\xc0\xaf"\n'),
    'surrogate-in-utf8': latin('"\xed\xa0\x80"\n'),
    'lone-surrogate': '"\\ud800"\n',
    'trailing-document': '{"a":1}\n{"a":1}\n',
    'trailing-comma': '[1,]\n',
    nul: '{"a":1}\n\0',
    comment: '{"a":1}//\n',
    'single-quotes': "'a'\n",
    empty: '',
    'cut-short': '{"a":',
  }),
};

// --- intent, trust, parity -----------------------------------------------------------------------------------------------

const intent = (from: string, to: string): string => edited(INTENT_YAML, from, to);
const trust = (from: string, to: string): string => edited(TRUST_YAML, from, to);
const parity = (from: string, to: string): string => edited(PARITY_YAML, from, to);

/** What no document may hold, whatever it says. */
const spellings = (text: string): Row[] =>
  under('YAML', {
    anchor: edited(text, 'schema: ', 'schema: &a '),
    tag: edited(text, 'schema: ', 'schema: !!str '),
    'duplicate-key': `${text}${text.slice(0, text.indexOf('\n') + 1)}`,
    'merge-key': `${text}<<: { schema: other }\n`,
    'second-document': `${text}---\n${text}`,
    'byte-order-mark': `\ufeff${text}`,
    crlf: text.replaceAll('\n', '\r\n'),
    'bidi-override-in-comment': `# \u202eapproved\n${text}`,
  });

const digest = 'ab'.repeat(32);
const supersede = intent('action: create', 'action: supersede');

const intents: Vectors = {
  kind: 'intent',
  ext: 'yaml',
  good: [
    ['create', INTENT_YAML],
    ['supersede', edited(supersede, 'supersedes: null', `supersedes: "${digest}"`)],
    ['endpoint', intent('endpoint: null', 'endpoint: "https://s3.example.org"')],
    ['sha256-repository', intent(`"${'1f'.repeat(20)}"`, `"${'1f'.repeat(32)}"`)],
    ['reason-in-another-script', intent('first backend of dev', 'première fondation, 基盤')],
    ['comments-and-marker', `# approved in OPS-1\n---\n${INTENT_YAML}`],
  ],
  bad: [
    ...spellings(INTENT_YAML),
    ...under('YAML', {
      alias: intent('ticket: OPS-1', 'ticket: *a'),
      directive: `%YAML 1.1\n---\n${INTENT_YAML}`,
      'end-of-document': `${INTENT_YAML}...\n`,
      'explicit-key': intent('ticket: ', '? ticket\n: '),
      'duplicate-key-by-escape': `${INTENT_YAML}"\\u0073chema": other\n`,
      'nfd-text': intent('first backend', 'fi\u0301rst backend'),
      'nfd-by-escape': intent('first backend of dev', '"fi\\u0301rst backend"'),
      'control-character': intent('first backend', 'first\u001b[2Kbackend'),
      'control-character-by-escape': intent('first backend of dev', '"first\\e[2Kbackend"'),
      nul: intent('first backend', 'first\0backend'),
      'tabulator-in-comment': `#\tapproved\n${INTENT_YAML}`,
      'bidi-override': intent('first backend', 'first \u202ebackend'),
      'zero-width-space': intent('first backend', 'first\u200bbackend'),
      'bad-utf8': latin(intent('first backend', 'first\xffbackend')),
      'number-as-key': `${INTENT_YAML}1: x\n`,
      'proto-as-key': `${INTENT_YAML}__proto__: { force: true }\n`,
      'null-as-tilde': intent('endpoint: null', 'endpoint: ~'),
      'null-as-nothing': intent('endpoint: null', 'endpoint:'),
      'account-in-octal': intent('"111111111111"', '0o1111'),
      'account-with-leading-zero': intent('"111111111111"', '011111111111'),
      'nested-deeper-than-16': intent(
        'reason: first backend of dev',
        `reason: ${'['.repeat(17)}${']'.repeat(17)}`,
      ),
      empty: '',
    }),
    ...under('SCHEMA', {
      'unknown-field': `${INTENT_YAML}force: true\n`,
      'missing-field': intent('ticket: OPS-1\n', ''),
      'wrong-schema-version': intent('intent/v1', 'intent/v2'),
      'schema-of-another-document': intent('govboot.intent/v1', 'govboot.trust/v1'),
      'not-a-map': 'create\n',
      'full-width-digit-in-region': intent('eu-central-1', 'eu-central-１'),
      'cyrillic-letter-in-environment': intent('environment: dev', 'environment: dеv'),
      'account-as-number': intent('"111111111111"', '111111111111'),
      'account-of-11-digits': intent('"111111111111"', '"11111111111"'),
      'unknown-provider': intent('provider: aws', 'provider: gcp'),
      'unknown-action': intent('action: create', 'action: destroy'),
      'window-reversed': intent('expires: 2026-11-23', 'expires: 2026-11-21'),
      'window-empty': intent('expires: 2026-11-23', 'expires: 2026-11-22'),
      'instant-with-offset': intent('2026-11-22T08:00:00Z', '2026-11-22T08:00:00+00:00'),
      'instant-that-is-no-day': intent('expires: 2026-11-23', 'expires: 2026-11-31'),
      'nonce-short': intent('"0123456789abcdef0', '"123456789abcdef0'),
      'nonce-upper-case': intent('"0123456789abcdef', '"0123456789ABCDEF'),
      'commit-abbreviated': intent('1f'.repeat(20), '1f1f1f1'),
      'requester-lower-case': intent(PRINTS.alice, PRINTS.alice.toLowerCase()),
      'supersede-without-digest': supersede,
      'create-with-digest': intent('supersedes: null', `supersedes: "${digest}"`),
      'endpoint-file': intent('endpoint: null', 'endpoint: "file:///etc/passwd"'),
      'repository-not-version-4': intent('-4c3a-', '-1c3a-'),
      'reason-of-two-lines': intent('first backend of dev', '"first\\nbackend"'),
      'reason-with-leading-space': intent('first backend of dev', '" first backend"'),
      'tag-with-trailing-space': intent('tag: v1.0.0', 'tag: "v1.0.0 "'),
    }),
  ],
};

const trusts: Vectors = {
  kind: 'trust',
  ext: 'yaml',
  good: [
    ['one-root', TRUST_YAML],
    [
      'two-of-two-roots',
      edited(
        trust('threshold: 1', 'threshold: 2'),
        `"${PRINTS.root}"`,
        `"${PRINTS.root}", "${PRINTS.second}"`,
      ),
    ],
    [
      'thresholds-by-environment',
      trust('approver: { default: 1 }', 'approver: { default: 0, environments: { prod: 2 } }'),
    ],
    ['roles-by-environment', trust('roles: [approver]', 'roles: [approver]\n    environments: [dev]')],
  ],
  bad: [
    ...spellings(TRUST_YAML),
    ...under('YAML', { 'version-3.0': trust('version: 3', 'version: 3.0') }),
    ...under('SCHEMA', {
      'unknown-field': trust('version: 3', 'version: 3\nforce: true'),
      'missing-field': trust('version: 3\n', ''),
      'wrong-schema-version': trust('trust/v1', 'trust/v2'),
      'version-zero': trust('version: 3', 'version: 0'),
      'threshold-above-keys': trust('threshold: 1', 'threshold: 2'),
      'threshold-zero': trust('threshold: 1', 'threshold: 0'),
      'root-twice': trust(`"${PRINTS.root}"`, `"${PRINTS.root}", "${PRINTS.root}"`),
      'root-key-id-only': trust(PRINTS.root, PRINTS.root.slice(24)),
      'person-twice': trust(PRINTS.carol, PRINTS.bob),
      'no-release-threshold': trust('release: { default: 1 }', 'release: { default: 0 }'),
      'no-intent-threshold-in-prod': trust(
        'intent: { default: 1 }',
        'intent: { default: 1, environments: { prod: 0 } }',
      ),
      'unknown-role': trust('roles: [approver]', 'roles: [approver, root]'),
      'no-role': trust('roles: [approver]', 'roles: []'),
      'no-people': TRUST_YAML.replace(/people:.*/s, 'people: []\n'),
    }),
  ],
};

const GITHUB =
  'github: { repository: acme/infra, owner_id: "1", repository_id: "2", subject: immutable, plan_environment: "{environment}-plan", apply_environment: "{environment}-apply" }';

const federated = (text: string): string =>
  edited(text, 'state-key, role]', 'state-key, oidc-provider, role]');
/** With a setting that only prod has for itself. */
const own = (text: string): string => parity('  prod:\n', `  prod:\n    ${text}\n`);
const listed = (text: string, setting: string): string =>
  edited(
    text,
    'differences:\n',
    `differences:\n  - { setting: ${setting}, environments: [prod], reason: auditors keep three years }\n`,
  );

const parities: Vectors = {
  kind: 'parity',
  ext: 'yaml',
  good: [
    ['two-environments', PARITY_YAML],
    ['evidence-store', PARITY_WITH_STORE_YAML],
    ['github', federated(parity('github: null', GITHUB))],
    ['account-regional', parity('bucket_namespace: global', 'bucket_namespace: account-regional')],
    [
      'gitlab',
      federated(
        parity(
          'gitlab: null',
          'gitlab: { host: gitlab.example.org, project_path: acme/infra, audience: https://gitlab.example.org, ref: "env/{environment}" }',
        ),
      ),
    ],
    ['listed-difference', listed(own('retention: { noncurrent_days: 1095 }'), 'retention.noncurrent_days')],
    [
      'own-account-written-out',
      own('roles: { operator: { principals: ["arn:aws:iam::222222222222:root"] } }'),
    ],
  ],
  bad: [
    ...spellings(PARITY_YAML),
    ...under('SCHEMA', {
      'unknown-field': `${PARITY_YAML}force: true\n`,
      'missing-role': PARITY_YAML.replace(/ {2}ci-plan:.*\n/, ''),
      'wrong-schema-version': parity('parity/v1', 'parity/v2'),
      'account-as-number': parity('"111111111111"', '111111111111'),
      'full-width-digit-in-region': parity('[eu-central-1, eu-west-1]', '[eu-central-１]'),
      'dormant-role-with-principals': parity(
        'automation: { session_seconds: 3600, principals: []',
        'automation: { session_seconds: 3600, principals: ["arn:aws:iam::111111111111:root"]',
      ),
      'break-glass-with-principals': parity(
        'break-glass: { session_seconds: 3600, principals: []',
        'break-glass: { session_seconds: 3600, principals: ["arn:aws:iam::111111111111:root"]',
      ),
      'operator-without-principals': parity('["arn:{partition}:iam::{account}:root"]', '[]'),
      'wildcard-arn': parity('{account}:root', '{account}:role/*'),
      'everybody-as-principal': parity('"arn:{partition}:iam::{account}:root"', '"*"'),
      'service-as-principal': parity('"arn:{partition}:iam::{account}:root"', '"ec2.amazonaws.com"'),
      'unknown-placeholder': parity('{organisation}-{environment}-tflock', '{team}-tflock'),
      'session-above-12-hours': parity(
        'operator: { session_seconds: 3600',
        'operator: { session_seconds: 43201',
      ),
      'retention-below-30-days': parity('noncurrent_days: 365', 'noncurrent_days: 29'),
      'recovery-above-35-days': parity('pitr_days: 35', 'pitr_days: 36'),
      'rotation-below-90-days': parity('key_rotation_days: 365', 'key_rotation_days: 89'),
      'window-above-720-hours': parity('max_window_hours: 72', 'max_window_hours: 721'),
      'locking-none': parity('locking: both', 'locking: none'),
      'boundary-wildcard': parity(
        'permissions_boundary: null',
        'permissions_boundary: "arn:aws:iam::111111111111:policy/*"',
      ),
      'no-environment': PARITY_YAML.replace(/environments:.*?naming:/s, 'environments: {}\nnaming:'),
      'environment-named-rehearsal': parity('  prod:', '  rehearsal:'),
      'template-outside-its-folder': parity('backend.tf.tmpl:', '"../backend.tf.tmpl":'),
      'github-id-as-number': parity('github: null', GITHUB.replace('"1"', '1')),
      'gitlab-ref-wildcard': parity(
        'gitlab: null',
        'gitlab: { host: gitlab.example.org, project_path: acme/infra, audience: x, ref: "release-*" }',
      ),
      'pipeline-role-with-principals': parity(
        'ci-apply: { session_seconds: 3600, principals: []',
        'ci-apply: { session_seconds: 3600, principals: ["arn:aws:iam::111111111111:root"]',
      ),
      'own-retention-below-30-days': own('retention: { noncurrent_days: 29 }'),
      'own-setting-that-is-none': own('organisation: other'),
      'evidence-kept-for-no-days': edited(
        PARITY_WITH_STORE_YAML,
        '-evidence"\n',
        '-evidence"\n  retention_days: 0\n',
      ),
      'evidence-without-a-key': edited(
        PARITY_WITH_STORE_YAML,
        '  key_alias: "alias/{organisation}-{environment}-evidence"\n',
        '',
      ),
      'difference-without-reason': parity(', reason: prod stays in one region', ''),
    }),
    ...under('PARITY', {
      'aws-tag': parity('Owner: platform', '"aws:owner": platform'),
      'govboot-tag': parity('Owner: platform', '"GovBoot:owner": platform'),
      'empty-tag': parity('Owner: platform', 'Owner: ""'),
      'tag-in-two-cases': parity('tolerated: [Backup]', 'tolerated: [owner]'),
      'cyrillic-letter-in-tag': parity('Owner: platform', 'Оwner: platform'),
      'bucket-in-upper-case': parity(
        '"{organisation}-{environment}-tfstate-{region}"',
        '"STATE-{account}"',
      ).replace(/\n {2}prod:\n(?: {4}.*\n)+differences:\n(?: {2}.*\n)+/, '\n'),
      'unlisted-difference': own('retention: { noncurrent_days: 30 }'),
      'unlisted-mfa': own('roles: { operator: { mfa: false } }'),
      'stale-difference': listed(PARITY_YAML, 'locking'),
      'difference-listed-twice': listed(PARITY_YAML, 'state_key'),
      'difference-of-an-unknown-setting': listed(PARITY_YAML, 'colour'),
      'evidence-key-not-allowed': edited(PARITY_WITH_STORE_YAML, ', evidence-key]', ']'),
      'table-not-allowed': parity('[state-bucket, lock-table,', '[state-bucket,'),
    }),
    ...under('PARITY_SHARED', {
      account: parity('222222222222', '111111111111'),
      'github-environment': federated(
        parity('github: null', GITHUB.replace('"{environment}-apply"', 'apply')),
      ),
      'gitlab-branch': federated(
        parity(
          'gitlab: null',
          'gitlab: { host: gitlab.example.org, project_path: acme/infra, audience: x, ref: main }',
        ),
      ),
      bucket: parity('{organisation}-{environment}-tfstate', '{organisation}-tfstate'),
      'evidence-bucket': edited(PARITY_WITH_STORE_YAML, '{environment}-evidence-{account}-', 'evidence-'),
      'state-key': parity('prod/main.tfstate', 'dev/terraform.tfstate'),
    }),
  ],
};

export const documents: readonly Vectors[] = [canonical, intents, trusts, parities];
