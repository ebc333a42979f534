// The doctor over ports: every look for itself, nothing written, and who is asked and who is not.
import { describe, expect, test } from 'vitest';
import { GovbootError } from '../../../src/kernel/errors.ts';
import { doctor } from '../../../src/commands/doctor.ts';
import { makeWorld, type PortsOptions } from '../../harness/ports.ts';
import { lockedWorld } from '../street/playing.ts';
import { run } from './running.ts';

const broken = async (): Promise<never> => Promise.reject(new Error('it broke'));
const refused = async (): Promise<never> => Promise.reject(new GovbootError('TOOL', 'it is not there'));

const ask = async (
  more: Partial<PortsOptions> = {},
  options: { environment?: string | null; offline?: boolean } = {},
) => {
  const world = more.world ?? (await makeWorld());
  const wanted = { environment: 'dev', offline: false, ...options };
  const { ports, error, value, lines } = await run(doctor, wanted, { world, ...more });
  const rows = ports.events.flatMap((event) => (event.type === 'row' && event.label !== '' ? [event] : []));
  const statusOf = (label: string) => rows.find((row) => row.label === label)?.status;
  return { ports, error, value, lines, rows, statusOf, world };
};

describe('doctor', () => {
  test('one row a check, and an event each; nothing is written', async () => {
    const { ports, rows, value, lines, statusOf, world } = await ask({ world: await lockedWorld() });
    expect(rows).toHaveLength(21);
    expect(value['checks']).toHaveLength(21);
    expect(lines).toEqual([expect.stringMatching(/^\d+ ok, \d+ warned, \d+ wrong, \d+ left out$/)]);
    expect(statusOf('clock')).toBe('ok');
    expect(statusOf('account')).toBe('ok');
    expect(statusOf('records')).toBe('ok');
    expect(ports.wrote).toEqual([]);
    expect(ports.changed()).toEqual([]);
    expect(world.pins).toHaveLength(1);
  });

  test('what is wrong ends it with 2, and is named', async () => {
    const { error, statusOf } = await ask();
    expect(statusOf('git')).toBe('wrong');
    expect(error).toMatchObject({ code: 'NOT_READY', exitCode: 2, message: expect.stringContaining('git') });
  });

  test('warnings and what is not looked at end it with 0', async () => {
    const programs = ['node', 'git', 'gpg'].map((name) => ({
      name,
      path: `/usr/bin/${name}`,
      version: '24.1.0',
    }));
    const { error, statusOf } = await ask(
      {
        overrides: {
          checkup: async () => ({
            programs: async () => programs,
            agent: async () => null,
            place: async (path) => ({ path, is: 'missing', mode: null, writable: true, freeBytes: null }),
            secrets: [{ what: 'key file', path: '/k' }],
          }),
        },
      },
      { offline: true },
    );
    expect(statusOf('verifiers')).toBe('warning');
    expect(statusOf('clock')).toBe('left');
    expect(error).toBeNull();
  });

  test.each([
    ['a bug', broken],
    ['a refusal', refused],
  ])('%s in every look at once silences none of the others', async (_what, fails) => {
    const { error, rows } = await ask({
      overrides: {
        checkup: async () => ({
          programs: fails,
          agent: fails,
          place: fails,
          secrets: [{ what: 'key', path: '/k' }],
        }),
        cloudClock: { ask: fails },
        cloud: fails,
        pins: { file: '/p', load: fails, save: fails },
        repository: { open: fails, tagsAtHead: fails, placeOf: fails },
      },
    });
    expect(rows).toHaveLength(21);
    expect(error?.code).toBe('NOT_READY');
  });

  test('with --offline, nobody is asked', async () => {
    const { statusOf } = await ask(
      { overrides: { cloud: broken, cloudClock: { ask: broken } } },
      { offline: true },
    );
    for (const check of ['clock', 'credentials', 'account', 'region']) expect(statusOf(check)).toBe('left');
  });

  test('with several environments and none named, no cloud is asked', async () => {
    const { statusOf, rows } = await ask(
      { overrides: { cloud: broken, cloudClock: { ask: broken } } },
      { environment: null },
    );
    expect(statusOf('clock')).toBe('left');
    expect(rows.find(({ label }) => label === 'clock')?.text).toBe('no environment is named: dev, prod');
  });

  test.each([
    { weakening: [{ name: 'NODE_OPTIONS', value: '--require x' }] },
    { endpoints: [{ from: 'AWS_ENDPOINT_URL', url: 'http://127.0.0.1:1' }] },
  ])('from a process that %j, no credentials are sent', async (machine) => {
    const { statusOf } = await ask({ machine, overrides: { cloud: broken, cloudClock: { ask: broken } } });
    for (const check of ['clock', 'credentials']) expect(statusOf(check)).toBe('left');
  });

  test('where the clock is not answered, the SDK is not asked, which would wait for long', async () => {
    const { statusOf } = await ask({ overrides: { cloud: broken, cloudClock: { ask: refused } } });
    expect(statusOf('clock')).toBe('wrong');
    expect(statusOf('credentials')).toBe('left');
  });

  test('an environment that the policy does not have', async () => {
    const { error } = await ask({}, { environment: 'dve' });
    expect(error).toMatchObject({ code: 'USAGE', hint: 'did you mean "dev"?' });
  });
});
