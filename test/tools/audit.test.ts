import { expect, test } from 'vitest';
import { audited } from './audit-answer.ts';

const report = (vulnerabilities: object, total = 310): string =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { dependencies: { prod: 90, total } } });

test('a report that names nobody is clean', () => {
  expect(audited(report({}))).toEqual({ is: 'clean', packages: 310 });
});

test('each package is named with its range, how bad it is, and why', () => {
  const advisory = { title: 'Prototype pollution', url: 'https://example.com/GHSA-1', severity: 'high' };
  const found = audited(
    report({
      yaml: { name: 'yaml', severity: 'high', range: '<2.9', via: [advisory] },
      reader: { name: 'reader', severity: 'low', range: '*', via: ['yaml'] },
    }),
  );
  expect(found).toEqual({
    is: 'found',
    lines: [
      'yaml <2.9 (high): Prototype pollution, https://example.com/GHSA-1',
      'reader * (low): through yaml',
    ],
  });
});

test.each([
  ['a registry without the service', JSON.stringify({ message: '405', statusCode: 405, body: '' }), '405'],
  ['no network', JSON.stringify({ error: { code: 'ENOTFOUND', summary: 'request failed' } }), 'ENOTFOUND'],
  ['a report that counts no package', report({}, 0), 'nothing'],
  ['an empty object', '{}', 'nothing'],
])('%s is not taken for clean', (_name, stdout, said) => {
  expect(audited(stdout)).toEqual({ is: 'not asked', why: `the registry answers ${said}` });
});

test.each(['', 'null', '<html>', '"clean"'])('nor is %j', (stdout) => {
  expect(audited(stdout)).toEqual({ is: 'not asked', why: 'npm gave no report' });
});
