/** The log file: what was said, and what libraries and Node said, as JSON lines without secrets. */
import { constants, openSync, closeSync } from 'node:fs';
import process from 'node:process';
import { format } from 'node:util';
import { pino } from 'pino';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import type { Event } from '../kernel/events.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { safeJson } from '../kernel/text.ts';

/** A subscriber of events; `close` before the process ends is good manners, not needed for anything to be kept. */
export type Log = ((event: Event) => void) & { readonly close: () => void };

const SECRET_KEY = /secret|token|passphrase|password|authorization|credential/i;
/** IAM unique identifiers of access keys: AKIA long-term, ASIA temporary (IAM user guide, "Unique identifiers"). */
const ACCESS_KEY = /\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g;
/** Query parameters of a presigned request (Signature Version 4) that let somebody else make it. */
const PRESIGNED = /\b(X-Amz-(?:Signature|Security-Token|Credential))=[^&\s"]+/gi;
const HIDDEN = '[redacted]';

/** Replaces what might be a secret, by name or by form, at any depth. */
export function redact(value: Json): Json {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map((item: Json) => redact(item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET_KEY.test(key) && item !== null ? HIDDEN : redact(item),
    ]),
  );
}

/**
 * Appends to `file`, each line written before `emit` returns; with null nothing is kept.
 * @throws FILE_WRITE when the file cannot be opened
 */
export function makeLog(file: string | null): Log {
  if (file === null) return Object.assign(() => undefined, { close: () => undefined });
  const fd = openLog(file);
  const destination = pino.destination({ fd, sync: true });
  const logger = pino(
    {
      level: 'debug',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Logs are read with cat and less: JSON leaves C1, bidi controls and the like as they are, a line here does not.
    { write: (line) => destination.write(`${safeJson(line.trimEnd())}\n`) },
  );
  const log = (event: Event): void => {
    switch (event.type) {
      case 'log':
        logger[event.level](redact({ type: event.type, data: event.data }), redactText(event.text));
        return;
      case 'warning':
        logger.warn({ type: event.type }, redactText(event.text));
        return;
      case 'error':
        logger.error(
          redact({ type: event.type, code: event.code, hint: event.hint, data: event.data }),
          redactText(event.message),
        );
        return;
      case 'progress':
      case 'gate':
      case 'plan':
      case 'confirm':
      case 'note':
      case 'result':
        return;
    }
  };
  return Object.assign(log, {
    close: () => {
      destination.flushSync();
      closeSync(fd);
    },
  });
}

function redactText(text: string): string {
  return text.replace(ACCESS_KEY, `$1${HIDDEN}`).replace(PRESIGNED, `$1=${HIDDEN}`);
}

function openLog(file: string): number {
  try {
    return openSync(
      file,
      constants.O_WRONLY |
        constants.O_APPEND |
        constants.O_CREAT |
        (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW),
      0o600,
    );
  } catch (cause) {
    throw new GovbootError('FILE_WRITE', `the log ${file} cannot be opened: ${messageOf(cause)}`, {
      hint: 'name another file with --log, in a folder that exists',
      data: { file },
      cause,
    });
  }
}

/** What libraries print with; some of it is what a server answered, as it came. */
const SPOKEN = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;

/**
 * Sends the warnings of Node, and all that libraries would print, to the log instead of the terminal. Call it before any SDK is loaded.
 * @returns puts everything back
 */
export function captureWarnings(log: (event: Event) => void): () => void {
  const releaseConsole = captureConsole(log);
  const before = process.listeners('warning');
  const variable = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const set = process.env[variable];
  const listener = (warning: Error): void => {
    log({
      type: 'log',
      level: 'warn',
      text: `${warning.name}: ${warning.message}`,
      data: { stack: warning.stack ?? null },
    });
  };
  // Node prints through a listener of its own, which is among these.
  process.removeAllListeners('warning');
  process.on('warning', listener);
  process.env[variable] = 'true';
  return () => {
    releaseConsole();
    process.removeListener('warning', listener);
    for (const earlier of before) process.on('warning', earlier);
    if (set === undefined) Reflect.deleteProperty(process.env, variable);
    else process.env[variable] = set;
  };
}

function captureConsole(log: (event: Event) => void): () => void {
  const { console: speaker } = globalThis;
  const before = { ...speaker };
  const written = (name: string, said: readonly unknown[]): void => {
    const level = name === 'error' || name === 'warn' ? 'warn' : 'debug';
    log({ type: 'log', level, text: format(...said), data: { printed_with: `console.${name}` } });
  };
  Object.assign(
    speaker,
    Object.fromEntries(
      SPOKEN.map((name) => [
        name,
        (...said: readonly unknown[]) => {
          written(name, said);
        },
      ]),
    ),
  );
  return () => {
    Object.assign(speaker, before);
  };
}
