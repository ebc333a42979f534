/** The log file: what was said, and what libraries and Node said, as JSON lines without secrets. Loaded where one is asked for. */
import { constants, openSync, closeSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { pino } from 'pino';
import { GovbootError, messageOf } from '../kernel/errors.ts';
import type { Event } from '../kernel/events.ts';
import { toJson } from '../kernel/json.ts';
import { safeJson } from '../kernel/text.ts';
import type { Redactor } from './redact.ts';

/** A subscriber of events; `close` before the process ends is good manners, not needed for anything to be kept. */
type Log = ((event: Event) => void) & { readonly close: () => void };

export interface LogOptions {
  readonly file: string;
  readonly redactor: Redactor;
  /** Every event, and not only what went wrong, was called and was warned of. */
  readonly full: boolean;
  /** The file is of this run alone: its folder is made, and a file that is there is not continued. */
  readonly fresh: boolean;
}

/**
 * Each line is written before `emit` returns.
 * @throws FILE_WRITE when the file cannot be opened
 */
export function makeLog({ file, redactor, full, fresh }: LogOptions): Log {
  const fd = openLog(file, fresh);
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
        // What is thrown where nobody expected it is for whoever looks for the reason.
        if (event.data['stacks'] !== undefined && !full) return;
        logger[event.level](redactor.json({ type: event.type, data: event.data }), redactor.text(event.text));
        return;
      case 'warning':
        logger.warn({ type: event.type }, redactor.text(event.text));
        return;
      case 'error':
        logger.error(
          redactor.json({ type: event.type, code: event.code, hint: event.hint, data: event.data }),
          redactor.text(event.message),
        );
        return;
      case 'progress':
      case 'gate':
      case 'plan':
      case 'confirm':
      case 'note':
      case 'result':
      case 'row':
        if (full) logger.info(redactor.json(toJson(event)));
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

function openLog(file: string, fresh: boolean): number {
  const noFollow = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;
  const how = fresh ? constants.O_EXCL : constants.O_APPEND;
  try {
    if (fresh) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return openSync(file, constants.O_WRONLY | constants.O_CREAT | how | noFollow, 0o600);
  } catch (cause) {
    throw new GovbootError('FILE_WRITE', `the log ${file} cannot be opened: ${messageOf(cause)}`, {
      hint: fresh
        ? 'name another place for it with --log, in a folder that exists'
        : 'name another file with --log, in a folder that exists',
      data: { file },
      cause,
    });
  }
}
