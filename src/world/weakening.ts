/** What weakens this process before its first line runs: variables and options that load foreign code, or change whom it believes. */
import type { Setting } from '../inputs/facts.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Each with any value. */
const ALWAYS = [
  // Load libraries into this process, or replace its own (ld.so(8), dyld(1)).
  ...['LD_PRELOAD', 'LD_AUDIT', 'LD_LIBRARY_PATH'],
  ...['DYLD_INSERT_LIBRARIES', 'DYLD_LIBRARY_PATH', 'DYLD_FRAMEWORK_PATH', 'DYLD_FALLBACK_LIBRARY_PATH'],
  // A configuration of OpenSSL names modules, which are shared libraries too (openssl-env(7), config(5)).
  ...['OPENSSL_CONF', 'OPENSSL_MODULES', 'OPENSSL_ENGINES'],
  // Where Node finds modules, compiled code and the data of its characters (node(1)).
  ...['NODE_PATH', 'NODE_COMPILE_CACHE', 'NODE_ICU_DATA'],
  // A file whose certificates are believed, whoever put it there.
  'NODE_EXTRA_CA_CERTS',
  // Write down keys, or print what is sent and what a server answers, as it came.
  ...['SSLKEYLOGFILE', 'NODE_DEBUG', 'NODE_DEBUG_NATIVE'],
];

/** Options that neither load code nor change what is believed; every other one is told. The store of the machine is its administrator's. */
const HARMLESS =
  /^--(?:max-old-space-size|max-semi-space-size|max-http-header-size|stack-trace-limit|enable-source-maps|no-warnings|warnings|no-deprecation|throw-deprecation|pending-deprecation|trace-(?:warnings|deprecation|uncaught|exit)|disable-warning|unhandled-rejections|dns-result-order|network-family-autoselection|no-network-family-autoselection|network-family-autoselection-attempt-timeout|title|abort-on-uncaught-exception|use-system-ca|use-bundled-ca|use-openssl-ca|use-env-proxy)$/;

/** Options with which Node believes the store of the machine. These variables then say where that is (SSL_CTX_load_verify_locations(3)). */
const STORE = /^--use-(?:system|openssl)-ca$/;
const STORE_PLACES = ['SSL_CERT_FILE', 'SSL_CERT_DIR'];
/** Set where Node was built to believe that store without being told to (configure --openssl-use-def-ca-store), as distributions do. */
const BUILT_FOR_STORE = 'NODE_OPENSSL_CERT_STORE';

/**
 * @param nodeOptions what stood between `node` and the program
 * @param defines with which Node was built
 */
export function weakening(
  env: Variables,
  nodeOptions: readonly string[],
  defines: readonly string[],
): readonly Setting[] {
  const set = (names: readonly string[]): Setting[] =>
    names.flatMap((name) => (env[name] ? [{ name, value: env[name] }] : []));
  const options = wordsOf(env['NODE_OPTIONS'] ?? '');
  const usesStore =
    env['NODE_USE_SYSTEM_CA'] === '1' ||
    defines.includes(BUILT_FOR_STORE) ||
    [...options, ...nodeOptions].some((word) => STORE.test(nameOf(word)));
  const [weak, weakHere] = [weakOf(options), weakOf(nodeOptions)];
  return [
    ...set(ALWAYS),
    ...(usesStore ? set(STORE_PLACES) : []),
    // Only the value 0 is understood by Node (node(1), NODE_TLS_REJECT_UNAUTHORIZED).
    ...(env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0'
      ? [{ name: 'NODE_TLS_REJECT_UNAUTHORIZED', value: '0' }]
      : []),
    ...(weak.length > 0 ? [{ name: 'NODE_OPTIONS', value: weak.join(' ') }] : []),
    ...(weakHere.length > 0 ? [{ name: 'the command line of Node', value: weakHere.join(' ') }] : []),
  ];
}

/** As Node splits NODE_OPTIONS: at blanks, but not inside of double quotes. */
function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/g)].map(([word]) => word.replaceAll('"', ''));
}

/** The options that are not known to be harmless. A word that is no option belongs to the one before it. */
function weakOf(words: readonly string[]): readonly string[] {
  let isKept = true;
  return words.filter((word) => {
    if (word.startsWith('-')) isKept = HARMLESS.test(nameOf(word));
    return !isKept;
  });
}

function nameOf(word: string): string {
  return (word.split('=')[0] ?? '').replaceAll('_', '-');
}
