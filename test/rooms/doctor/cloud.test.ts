// The cloud: its clock, and who is calling.
import { describe, expect, test } from 'vitest';
import type { Instant } from '../../../src/kernel/time.ts';
import type { CallerFacts } from '../../../src/inputs/facts.ts';
import { failed, left, NOW, said, seen } from './facts.ts';

const CALLER: CallerFacts = {
  arn: 'arn:aws:sts::111111111111:assumed-role/bootstrap/alice',
  account: '111111111111',
  partition: 'aws',
  region: 'eu-central-1',
  expiresInSeconds: 36_000,
};
const caller = (more: Partial<CallerFacts>) => ({ cloud: { caller: seen({ ...CALLER, ...more }) } });

describe('the clock', () => {
  test.each([
    ['2026-11-22T12:00:59Z', 'ok', 'agree'],
    ['2026-11-22T12:01:00Z', 'warning', '60 s behind'],
    ['2026-11-22T11:56:00Z', 'warning', '4 min ahead of'],
    ['2026-11-22T12:05:00Z', 'wrong', '5 min behind'],
    ['2026-11-22T11:55:00Z', 'wrong', '5 min ahead of'],
  ])('of a cloud at %s is %s', (cloud, status, text) => {
    const found = said('clock', { cloud: { clock: seen({ cloud: cloud as Instant, here: NOW }) } });
    expect(found.status).toBe(status);
    expect(found.text).toContain(text);
  });

  test('of a cloud that does not answer is wrong; of one that is not asked is left', () => {
    expect(said('clock', { cloud: { clock: failed('no answer') } }).status).toBe('wrong');
    expect(said('clock', { cloud: { clock: left('--offline asks no cloud') } }).status).toBe('left');
  });
});

describe('credentials', () => {
  test.each([
    [null, 'ok'],
    [3600, 'ok'],
    [3599, 'warning'],
    [900, 'warning'],
    [899, 'wrong'],
    [-5, 'wrong'],
    [Number.NaN, 'wrong'],
  ])('that end in %s seconds are %s', (expiresInSeconds, status) => {
    expect(said('credentials', caller({ expiresInSeconds })).status).toBe(status);
  });

  test('of the root user are wrong', () => {
    expect(said('credentials', caller({ arn: 'arn:aws:iam::111111111111:root' })).status).toBe('wrong');
  });

  test('that are not there are told once', () => {
    const broken = { cloud: { caller: failed('no credentials', 'aws sso login') } };
    expect(said('credentials', broken)).toMatchObject({ status: 'wrong', mend: 'aws sso login' });
    for (const check of ['account', 'region'])
      expect(said(check, broken)).toMatchObject({ status: 'left', text: 'the caller is not known' });
  });
});

describe('against the policy', () => {
  test.each([[{ account: '222222222222' }], [{ partition: 'aws-cn' }]])('%j is wrong', (more) => {
    expect(said('account', caller(more))).toMatchObject({
      status: 'wrong',
      mend: expect.stringContaining('AWS_PROFILE'),
    });
  });

  test('another region is wrong, every region of the environment is right', () => {
    expect(said('region', caller({ region: 'eu-west-1' })).status).toBe('ok');
    expect(said('region', caller({ region: 'us-east-1' }))).toEqual({
      status: 'wrong',
      text: 'your settings say us-east-1, and dev is in eu-central-1, eu-west-1',
      mend: 'export AWS_REGION=eu-central-1',
    });
  });

  test('without an environment, or a policy that has it, nothing is compared', () => {
    const unnamed = { status: 'left', text: 'no environment is named that the policy has', mend: null };
    for (const check of ['account', 'region']) {
      expect(said(check, { environment: null })).toEqual(unnamed);
      expect(said(check, { environment: null }).status).toBe('left');
      expect(said(check, { environment: 'elsewhere' }).status).toBe('left');
      expect(said(check, { repository: { policy: left('none') } }).status).toBe('left');
    }
  });
});
