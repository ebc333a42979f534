/**
 * An authorizing proxy on the loopback, in front of an emulator that does not authorize. It knows who calls by the access key,
 * reads the policies that stand in the emulator, and lets through what AWS would allow. Every call is recorded with its
 * verdict; one that cannot be judged is recorded as an error and answered 501, so nothing passes unjudged.
 * The use of the key behind S3 and DynamoDB is judged as a call of its own, as AWS does (authz/behind.ts).
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { denial, unjudged, type Answer } from './authz/answers.ts';
import {
  accessKeyOf,
  askedOf,
  type CallAsked,
  type HttpRequest,
  type Place,
  type Touched,
} from './authz/asked.ts';
import { afterwards, keyUses } from './authz/behind.ts';
import { standingAt, type Standing } from './authz/standing.ts';
import { judge, type Call, type Verdict } from './iam-judge.ts';
import { motoCredentials } from './moto.ts';

/** One judged call. */
export interface Recorded {
  /** The name of the role that called. */
  readonly role: string;
  readonly call: Call;
  /** The action of the request for which AWS makes this call itself; null for the request. */
  readonly behind: string | null;
  readonly verdict: Verdict;
}

export interface AuthzProxy {
  /** http://127.0.0.1:N, instead of the emulator's. */
  readonly endpoint: string;
  /** The variables by which a client is a session of this role. */
  as(role: string): Record<string, string>;
  /** What was asked since the last `take`. */
  peek(): readonly Recorded[];
  /** The same, and it is forgotten. */
  take(): readonly Recorded[];
  /** The next request that matches gets this status and never reaches the emulator: a fault of the service. */
  failNext(matches: (request: HttpRequest) => boolean, status: number): void;
  /** Forgets the policies that were read, when they were changed past the proxy. */
  forget(): void;
  stop(): Promise<void>;
}

interface Fault {
  readonly matches: (request: HttpRequest) => boolean;
  readonly status: number;
}

/** What one proxy knows. */
interface Desk {
  readonly place: Place;
  readonly upstream: URL;
  readonly standing: Standing;
  /** Access key → role. */
  readonly sessions: ReadonlyMap<string, string>;
  readonly note: (recorded: Recorded) => void;
  /** The fault that is due for this request, taken away. */
  readonly faultOf: (request: HttpRequest) => Fault | undefined;
}

/** @param upstream the emulator's endpoint */
export async function startAuthzProxy(upstream: string, place: Place): Promise<AuthzProxy> {
  let records: Recorded[] = [];
  const sessions = new Map<string, string>();
  const faults: Fault[] = [];
  const standing = standingAt(upstream, place.region);
  const desk: Desk = {
    place,
    upstream: new URL(upstream),
    standing,
    sessions,
    note: (recorded) => records.push(recorded),
    faultOf: (request) => {
      const at = faults.findIndex(({ matches }) => matches(request));
      return at === -1 ? undefined : faults.splice(at, 1)[0];
    },
  };
  const server = createServer((incoming, outgoing) => {
    serve(desk, incoming, outgoing).catch((error: unknown) => {
      outgoing.writeHead(501).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    as(role) {
      const key = `AKIA${Buffer.from(role).toString('hex').toUpperCase()}`;
      sessions.set(key, role);
      return {
        AWS_ACCESS_KEY_ID: key,
        AWS_SECRET_ACCESS_KEY: 'testing',
        AWS_REGION: place.region,
        AWS_EC2_METADATA_DISABLED: 'true',
      };
    },
    peek: () => records,
    take() {
      const taken = records;
      records = [];
      return taken;
    },
    failNext: (matches, status) => faults.push({ matches, status }),
    forget: () => {
      standing.forget();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(desk: Desk, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const request: HttpRequest = {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    headers: incoming.headers,
    body: await buffer(incoming),
  };
  const give = ({ status, headers, body }: Answer): void => {
    outgoing.writeHead(status, headers).end(body);
  };
  const key = accessKeyOf(request);
  if (key === motoCredentials.accessKeyId) {
    // The bootstrap identity: what it writes may be a policy that was read before.
    const answer = await forward(desk.upstream, request);
    desk.standing.forget();
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
    return;
  }
  const role = desk.sessions.get(key ?? '');
  const asked = askedOf(request, desk.place);
  if (role === undefined || asked.is === 'unknown') {
    const why = asked.is === 'unknown' ? asked.why : `access key ${String(key)}`;
    desk.note({
      role: role ?? '?',
      call: { action: '?', resource: request.target, context: {} },
      behind: null,
      verdict: { is: 'error', why },
    });
    give(unjudged(why));
    return;
  }
  const refused = await refusal(desk, role, request, asked, null);
  if (refused !== null) {
    give(refused);
    return;
  }
  const fault = desk.faultOf(request);
  if (fault !== undefined) {
    outgoing.writeHead(fault.status).end();
    return;
  }
  const answer = await forward(desk.upstream, request);
  const late = await refusal(desk, role, request, asked, answer);
  if (late !== null) {
    give(late);
    return;
  }
  outgoing.writeHead(answer.status, answer.headers).end(answer.body);
}

interface Forwarded {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Uint8Array;
}

/** As it came, the Host header too: the signature is over it. */
function forward(upstream: URL, request: HttpRequest): Promise<Forwarded> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: upstream.hostname,
        port: upstream.port,
        method: request.method,
        path: request.target,
        headers: request.headers as IncomingMessage['headers'],
      },
      (answer) => {
        buffer(answer).then(
          (body) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body }),
          reject,
        );
      },
    );
    sent.once('error', reject);
    sent.end(request.body);
  });
}

/** Judges what is due before the request is passed on, or after it was answered; the first denial is the answer. */
async function refusal(
  desk: Desk,
  role: string,
  request: HttpRequest,
  asked: CallAsked,
  answer: Forwarded | null,
): Promise<Answer | null> {
  const due =
    answer === null
      ? [{ call: asked.call, behind: null }, ...(await keyUses(asked, desk.standing, desk.place))]
      : await afterwards(asked, desk.standing, desk.place, answer);
  for (const { call, behind } of due) {
    const verdict = await judged(desk, role, call, asked.touched);
    desk.note({ role, call, behind, verdict });
    if (verdict.is === 'error') return unjudged(`${call.action}: ${verdict.why}`);
    if (verdict.is === 'denied')
      return denial(asked.wire, message(desk.place, role, call, verdict), request.method === 'HEAD');
  }
  return null;
}

/** As AWS words it (IAM user guide, "Troubleshoot access denied error messages"). */
function message(
  place: Place,
  role: string,
  call: Call,
  verdict: Extract<Verdict, { is: 'denied' }>,
): string {
  const why =
    verdict.how === 'explicit'
      ? 'with an explicit deny in a policy'
      : `because no identity-based policy allows the ${call.action} action`;
  return `User: arn:${place.partition}:sts::${place.account}:assumed-role/${role}/session is not authorized to perform: ${call.action} on resource: "${call.resource}" ${why}`;
}

async function judged(desk: Desk, role: string, call: Call, touched: Touched): Promise<Verdict> {
  // No policy can take it away (STS API reference, GetCallerIdentity).
  if (call.action === 'sts:GetCallerIdentity') return { is: 'allowed' };
  const policy = async () => {
    if (call.action.startsWith('kms:')) return desk.standing.keyPolicy(call.resource);
    if (touched.is === 'object' || touched.is === 'bucket') return desk.standing.bucketPolicy(touched.bucket);
    return null;
  };
  return judge(
    await desk.standing.caller(role),
    { account: desk.place.account, policy: await policy() },
    call,
  );
}
