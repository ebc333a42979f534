/** What was typed as the value of an argument or option, as a command takes it. */
import { GovbootError } from '../kernel/errors.ts';
import type { CommandOptions } from './command.ts';

/** Values of options by their names in camel case, as the parser gives them. */
export type Raw = Readonly<Record<string, unknown>>;

/** The rule that the policy has for names of environments; nothing else may become part of a path. */
const ENVIRONMENT = /^[a-z][a-z0-9-]{0,31}$/;

export function nameOf(environment = ''): string {
  if (!ENVIRONMENT.test(environment))
    throw new GovbootError('USAGE', `environment is "${environment}", which is no name of an environment`, {
      hint: 'lower-case letters, digits and dashes, at most 32, a letter first; for example dev',
    });
  return environment;
}

export function intentOf(
  environment: string | undefined,
  o: Raw,
): { readonly environment: string; readonly intent: string } {
  const name = nameOf(environment);
  return { environment: name, intent: text(o['intent']) ?? `intents/${name}.yaml` };
}

/** One or the other: an environment to judge, or a code to explain. */
export function checkOf(environment: string | undefined, o: Raw): CommandOptions['check'] {
  const code = text(o['explain']);
  if (code !== null && environment === undefined) return { explain: code };
  const hint = 'run `govboot check --help`';
  if (code !== null)
    throw new GovbootError('USAGE', `check takes environment "${environment ?? ''}" or --explain, not both`, {
      hint,
    });
  if (environment === undefined)
    throw new GovbootError('USAGE', "missing required argument 'environment'", { hint });
  return { ...intentOf(environment, o), rehearse: o['rehearse'] === true };
}

/** The value of an option, or null when it was not given. */
export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
