// threat: 43
// area: intent
// tried: A signed intent for one account and region is used with the credentials or the region of another.
// answer: IDENTITY_MISMATCH
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { look, problemsOf } from '../harness/deny.ts';
import { makeGoverned, type Governed } from '../harness/governed-repo.ts';

/** The account that STS says the credentials are of. */
let account = '';
/** Every action that was asked for, on any service. */
const asked: string[] = [];
let server: Server;
let governed: Governed;

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const action =
        new URLSearchParams(body).get('Action') ?? `${request.method ?? ''} ${request.url ?? ''}`;
      asked.push(action);
      const known = action === 'GetCallerIdentity';
      response.writeHead(known ? 200 : 500, { 'content-type': 'text/xml' });
      response.end(known ? identityOf(account) : '');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  governed = await makeGoverned({
    endpoint,
    env: {
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: endpoint,
    },
  });
});

afterAll(async () => {
  await new Promise((done) => server.close(done));
});

/** STS GetCallerIdentity, as the query protocol answers. */
function identityOf(of: string): string {
  const arn = `arn:aws:sts::${of}:assumed-role/bootstrap/rita`;
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn><UserId>AROAEXAMPLE:rita</UserId><Account>${of}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
}

test.for([
  ['account', '999999999999', 'eu-central-1', /in account 999999999999; the intent says 123456789012/],
  ['region', '123456789012', 'us-east-1', /in region us-east-1; the intent says eu-central-1/],
] as const)('another %s is refused', async ([, of, region, wrong]) => {
  account = of;
  const state = governed.env['XDG_STATE_HOME'] ?? '';
  const before = look(governed.repo.root, state);
  const run = await governed.run(['apply', 'dev', '--key', governed.keyFile('alice')], {
    env: { AWS_REGION: region },
  });
  const wanted = { code: 'IDENTITY_MISMATCH', wrong, records: 'nothing' } as const;
  const after = look(governed.repo.root, state);
  expect(problemsOf(run, wanted, before, after, governed.repo.root)).toEqual([]);
  expect(run.code).toBe(3);
  // Who calls was asked, and nothing else.
  expect(new Set(asked)).toEqual(new Set(['GetCallerIdentity']));
});
