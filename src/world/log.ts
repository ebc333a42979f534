/** The log file: what was said, and what libraries and Node said, as JSON lines without secrets. Loaded where one is asked for. */
import { constants, openSync, closeSync } from 'node:fs';
import process from 'node:process';
import { pino } from 'pino';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import type { Event } from '../kernel/events.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { safeJson } from '../kernel/text.ts';

/** A subscriber of events; `close` before the process ends is good manners, not needed for anything to be kept. */
type Log = ((event: Event) => void) & { readonly close: () => void };

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
 * Appends to `file`, each line written before `emit` returns.
 * @throws FILE_WRITE when the file cannot be opened
 */
export function makeLog(file: string): Log {
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
