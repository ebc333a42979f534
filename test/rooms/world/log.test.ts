import { readFileSync, statSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/kernel/events.ts';
import { makeLog as openLog } from '../../../src/world/log.ts';
import { makeRedactor } from '../../../src/world/redact.ts';
import { captureWarnings } from '../../../src/world/spoken.ts';
import { temporaryFolder } from '../../harness/git-fixture.ts';

const redactor = makeRedactor({});
const makeLog = (file: string): ReturnType<typeof openLog> =>
  openLog({ file, redactor, full: false, fresh: false });

function linesOf(file: string): Record<string, unknown>[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('holds log, warning and error, written before the call returns; nothing else', () => {
    const file = join(temporaryFolder(), 'govboot.log');
    const log = makeLog(file);
    log({ type: 'log', level: 'debug', text: 'call 100% %s %d', data: { call: 'PutObject', retries: 0 } });
    log({ type: 'warning', text: 'careful' });
    log({
      type: 'error',
      code: 'SIG_BAD',
      message: 'intents/dev.yaml: bad',
      hint: 'sign again',
      data: { file: 'intents/dev.yaml' },
    });
    const silent: readonly Event[] = [
      { type: 'note', text: 'n' },
      { type: 'progress', key: 'k', state: 'begin', text: 't', ms: null },
      { type: 'gate', gate: 'source', status: 'pass', because: 'b', findings: [] },
      { type: 'confirm', token: 'ABCDE-12345', word: 'APPLY', expiresInSeconds: 300 },
      { type: 'plan', plan: {} as never },
      { type: 'result', command: 'check', value: null, lines: [] },
    ];
    silent.forEach((event) => log(event));
    expect(linesOf(file)).toEqual([
      {
        level: 'debug',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        pid: process.pid,
        type: 'log',
        data: { call: 'PutObject', retries: 0 },
        msg: 'call 100% %s %d',
      },
      expect.objectContaining({ level: 'warn', type: 'warning', msg: 'careful' }),
      expect.objectContaining({
        level: 'error',
        type: 'error',
        code: 'SIG_BAD',
        hint: 'sign again',
        data: { file: 'intents/dev.yaml' },
        msg: 'intents/dev.yaml: bad',
      }),
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    log.close();
  });

  it('is continued, not begun anew', () => {
    const file = join(temporaryFolder(), 'govboot.log');
    for (const text of ['one', 'two']) {
      const log = makeLog(file);
      log({ type: 'warning', text });
      log.close();
    }
    expect(linesOf(file).map((line) => line['msg'])).toEqual(['one', 'two']);
  });

  it('is not written through a link, and says where it cannot be written', () => {
    const folder = temporaryFolder();
    symlinkSync(join(folder, 'target'), join(folder, 'link'));
    for (const file of [join(folder, 'link'), join(folder, 'none', 'x'), folder])
      expect(() => makeLog(file)).toThrow(expect.objectContaining({ code: 'FILE_WRITE' }));
    expect(statSync(join(folder, 'target'), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('holds no character that moves a cursor or turns text round, and says the same', () => {
    const file = join(temporaryFolder(), 'govboot.log');
    const log = makeLog(file);
    const evil = 'a\u001b[2K\rb\nc\u009b31m\u202ed\u2028e\u007ff\u{e0041}';
    log({ type: 'warning', text: evil });
    log({ type: 'log', level: 'debug', text: evil, data: { [evil]: [evil] } });
    log({ type: 'error', code: 'SIG_BAD', message: evil, hint: evil, data: { file: evil } });
    log.close();
    expect(readFileSync(file, 'utf8').replaceAll('\n', '')).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
    expect(linesOf(file).map((line) => line['msg'])).toEqual([evil, evil, evil]);
    expect(linesOf(file)[1]?.['data']).toEqual({ [evil]: [evil] });
  });

  it('holds everything where all is asked for, in a file of its own', () => {
    const file = join(temporaryFolder(), 'new', 'govboot.log');
    const log = openLog({ file, redactor, full: true, fresh: true });
    log({ type: 'note', text: 'n' });
    log({ type: 'log', level: 'debug', text: 'thrown', data: { stacks: [{ stack: 'at x' }] } });
    log.close();
    expect(linesOf(file)).toEqual([
      expect.objectContaining({ level: 'info', type: 'note', text: 'n' }),
      expect.objectContaining({ msg: 'thrown', data: { stacks: [{ stack: 'at x' }] } }),
    ]);
    expect([statSync(file).mode & 0o777, statSync(join(file, '..')).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(() => openLog({ file, redactor, full: true, fresh: true })).toThrow(
      expect.objectContaining({ code: 'FILE_WRITE', hint: expect.stringContaining('--log') }),
    );
  });

  it('leaves stacks out where they are not asked for', () => {
    const file = join(temporaryFolder(), 'govboot.log');
    const log = makeLog(file);
    log({ type: 'log', level: 'debug', text: 'thrown', data: { stacks: [] } });
    log.close();
    expect(linesOf(file)).toEqual([]);
  });

  it('holds no secrets, by name or by form', () => {
    expect(
      redactor.json({
        SecretAccessKey: 'abc',
        sessionToken: 'abc',
        headers: [{ Authorization: 'AWS4 …', host: 'x' }],
        password: null,
        credentials: { a: 1 },
        text: 'key AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE',
        url: 'https://b/x?X-Amz-Signature=abc&X-Amz-Security-Token=def&v=1',
        n: 3,
        ok: true,
        none: null,
      }),
    ).toEqual({
      SecretAccessKey: '[redacted]',
      sessionToken: '[redacted]',
      headers: [{ Authorization: '[redacted]', host: 'x' }],
      password: null,
      credentials: '[redacted]',
      text: 'key AKIA[redacted] and ASIA[redacted]',
      url: 'https://b/x?X-Amz-Signature=[redacted]&X-Amz-Security-Token=[redacted]&v=1',
      n: 3,
      ok: true,
      none: null,
    });
    const file = join(temporaryFolder(), 'govboot.log');
    const log = makeLog(file);
    log({
      type: 'error',
      code: 'CREDENTIALS',
      message: 'AKIAIOSFODNN7EXAMPLE was refused',
      hint: 'h',
      data: { token: 'abc' },
    });
    log({ type: 'log', level: 'info', text: 'ASIAIOSFODNN7EXAMPLE', data: { secret: 'abc' } });
    log({ type: 'warning', text: 'AKIAIOSFODNN7EXAMPLE' });
    log.close();
    expect(readFileSync(file, 'utf8')).not.toMatch(/IOSFODNN7|abc/);
  });
});

describe('warnings of Node and of libraries', () => {
  it('go to the log, and everything is put back', async () => {
    const before = process.listeners('warning');
    const variable = process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'];
    const events: Event[] = [];
    const restore = captureWarnings((event) => events.push(event));
    expect(process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED']).toBe('true');
    process.emitWarning('old thing', 'DeprecationWarning');
    await new Promise((resolve) => setImmediate(resolve));
    restore();
    expect(events).toEqual([
      {
        type: 'log',
        level: 'warn',
        text: 'DeprecationWarning: old thing',
        data: { stack: expect.any(String) },
      },
    ]);
    expect(process.listeners('warning')).toEqual(before);
    expect(process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED']).toBe(variable);
  });

  it('so does what libraries print', () => {
    const before = { ...console };
    const events: Event[] = [];
    const restore = captureWarnings((event) => events.push(event));
    for (const name of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const)
      console[name]('said %s', name, 1);
    restore();
    expect({ ...console }).toEqual(before);
    expect(events).toEqual(
      ['debug', 'error', 'info', 'log', 'trace', 'warn'].map((name) => ({
        type: 'log',
        level: name === 'error' || name === 'warn' ? 'warn' : 'debug',
        text: `said ${name} 1`,
        data: { printed_with: `console.${name}` },
      })),
    );
  });

  it('do not reach standard error', () => {
    const file = join(temporaryFolder(), 'govboot.log');
    const script = `import { makeLog } from './src/world/log.ts'; import { makeRedactor } from './src/world/redact.ts'; import { captureWarnings } from './src/world/spoken.ts'; captureWarnings(makeLog({ file: ${JSON.stringify(file)}, redactor: makeRedactor({}), full: false, fresh: false })); process.emitWarning('old thing'); console.warn('spoken');`;
    const done = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      encoding: 'utf8',
      cwd: join(import.meta.dirname, '../../..'),
    });
    expect([done.status, done.stderr]).toEqual([0, '']);
    expect(linesOf(file).map((line) => line['msg'])).toEqual(['spoken', 'Warning: old thing']);
  });
});
