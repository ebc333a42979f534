/**
 * A loopback proxy in front of a moto that knows which call each request is, writes every call down, and lets a scripted fault happen at
 * the very call that a test names: before it is carried out, or after it and before its answer.
 *
 * The endpoint is a part of the signed intent, so there is one address for all runs of a test file. Runs side by side are told apart by
 * the access key that signs their requests: each lane has one of its own, and an emulator of its own behind it.
 */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { callOf, credentialOf, type Call, type Reply } from './aws-wire.ts';

/** One request that arrived, and what became of it. Plain data, in the order of arrival. */
export interface CallRecord extends Call {
  /** `iam:CreateRole acme-dev-operator`. */
  readonly name: string;
  /** Which call of this name it is in its lane, from 1. */
  readonly nth: number;
  /** Which changing call it is in its lane, from 1; null for one that reads. */
  readonly change: number | null;
  /** Milliseconds of `performance.now()`: the whole request was here; its answer, or the end of its connection, was given. */
  readonly start: number;
  end: number | null;
  /** Of the answer that was given; null while there is none, and for what never got one. */
  status: number | null;
  /** What was done to it: null for a call that went its way. */
  readonly fault: Fault['is'] | 'dead' | null;
}

export type Fault =
  /** The process that called is killed: before the call is carried out, or after it and before its answer. */
  | { readonly is: 'killed'; readonly when: 'before' | 'after' }
  /** The process that called is sent a signal, and the call goes its way. */
  | { readonly is: 'signalled' }
  /** Carried out, and the connection is reset instead of an answer. */
  | { readonly is: 'lost' }
  /** The connection is reset before anything is carried out. */
  | { readonly is: 'reset' }
  /** Never answered, and not carried out. */
  | { readonly is: 'hangs' }
  /** Carried out; of the answer the head and the first half of the body come, and then nothing. */
  | { readonly is: 'stalls' }
  /** Carried out, and answered without these headers. */
  | { readonly is: 'reduced'; readonly without: RegExp }
  /** Answered in the place of the cloud, and not carried out. */
  | { readonly is: 'answered'; readonly reply: (call: Call) => Reply };

export type Match =
  | { readonly by: 'operation'; readonly operation: string }
  | { readonly by: 'change'; readonly n: number }
  /** This changing call and everything after it, reads too. */
  | { readonly by: 'from change'; readonly n: number }
  | { readonly by: 'name'; readonly name: string; readonly nth: number }
  /** Every call of this name from the nth on. */
  | { readonly by: 'from name'; readonly name: string; readonly nth: number };

export interface Rule {
  readonly match: Match;
  readonly fault: Fault;
  /** How often it strikes, at most. */
  readonly times: number;
}

export interface Lane {
  /** AWS_ACCESS_KEY_ID of whoever is to be in this lane. */
  readonly accessKey: string;
  readonly records: readonly CallRecord[];
  /** How often the rules have struck. */
  readonly struck: number;
  /** What is behind it. */
  aim(endpoint: string): void;
  /** Takes the place of all earlier rules; the counting begins anew. @param kill sends the calling process its signal, at once */
  script(rules: readonly Rule[], kill?: () => void): void;
  /** Once nothing of a process that is no more is on its way to the cloud. */
  quiet(): Promise<void>;
}

export interface FaultProxy {
  /** http://127.0.0.1:N: what the signed intent names. */
  readonly endpoint: string;
  lane(): Lane;
  stop(): Promise<void>;
}

export async function startFaultProxy(): Promise<FaultProxy> {
  const lanes = new Map<string, OpenLane>();
  const server = createServer((incoming, response) => {
    const lane = lanes.get(credentialOf(incoming.headers)?.accessKey ?? '');
    if (lane === undefined) response.writeHead(500).end('no such lane');
    // Whoever was killed is not there to be answered.
    else lane.take(incoming, response).catch(() => response.destroy());
  });
  // A call that hangs must be ended by the program that made it, not by this server.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lane() {
      const lane = new OpenLane(`GOVBOOTLANE${String(lanes.size + 1).padStart(5, '0')}`);
      lanes.set(lane.accessKey, lane);
      return lane;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class OpenLane implements Lane {
  readonly accessKey: string;
  readonly records: CallRecord[] = [];
  struck = 0;
  private target = '';
  private rules: { readonly rule: Rule; left: number }[] = [];
  private kill: () => void = () => undefined;
  private dead = false;
  private changes = 0;
  private readonly names = new Map<string, number>();
  private readonly underway = new Set<Promise<unknown>>();

  constructor(accessKey: string) {
    this.accessKey = accessKey;
  }

  aim(endpoint: string): void {
    this.target = endpoint;
  }

  script(rules: readonly Rule[], kill: () => void = () => undefined): void {
    this.rules = rules.map((rule) => ({ rule, left: rule.times }));
    this.kill = kill;
    this.dead = false;
    this.struck = 0;
    this.changes = 0;
    this.names.clear();
  }

  async quiet(): Promise<void> {
    await Promise.allSettled(this.underway);
  }

  async take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const { method = '', url = '', headers } = incoming;
    const call = callOf({ method, url, headers, body: body.toString('latin1') });
    const name = `${call.operation} ${call.target}`.trim();
    const nth = (this.names.get(name) ?? 0) + 1;
    this.names.set(name, nth);
    const change = call.mutating ? ++this.changes : null;
    const fault = this.dead ? null : this.faultOf({ ...call, name, nth });
    const record: CallRecord = {
      ...{ ...call, name, nth, change, start: performance.now(), end: null, status: null },
      fault: this.dead ? 'dead' : (fault?.is ?? null),
    };
    this.records.push(record);
    const answer = async (): Promise<Answer> => {
      const passing = forward(this.target, { method, url, headers, body });
      this.underway.add(passing);
      return passing.finally(() => this.underway.delete(passing));
    };
    record.status = await this.give(fault, call, response, answer);
    record.end = performance.now();
  }

  private faultOf(call: Pick<CallRecord, 'operation' | 'name' | 'nth'>): Fault | null {
    const seen = { ...call, changes: this.changes };
    const hit = this.rules.find(({ rule, left }) => left > 0 && matches(rule.match, seen));
    if (hit === undefined) return null;
    hit.left--;
    this.struck++;
    return hit.rule.fault;
  }

  /** @returns the status that was answered; null for none */
  private async give(
    fault: Fault | null,
    call: Call,
    response: ServerResponse,
    answer: () => Promise<Answer>,
  ): Promise<number | null> {
    if (this.dead) return reset(response);
    switch (fault?.is) {
      case undefined:
        return send(response, await answer());
      case 'signalled':
        this.kill();
        return send(response, await answer());
      case 'killed':
        // What else the process has sent and what is not here yet was never sent.
        this.dead = true;
        if (fault.when === 'after') await answer();
        this.kill();
        return reset(response);
      case 'lost':
        await answer();
        return reset(response);
      case 'reset':
        return reset(response);
      case 'hangs':
        return null;
      case 'stalls':
        return stall(response, await answer());
      case 'reduced':
        return send(response, without(await answer(), fault.without));
      case 'answered': {
        const { status, headers = {}, body } = fault.reply(call);
        return send(response, { status, headers, body: Buffer.from(body) });
      }
    }
  }
}

type Seen = Pick<CallRecord, 'operation' | 'name' | 'nth'> & { readonly changes: number };

function matches(match: Match, seen: Seen): boolean {
  switch (match.by) {
    case 'operation':
      return seen.operation === match.operation;
    case 'change':
      return seen.changes === match.n;
    case 'from change':
      return seen.changes >= match.n;
    case 'name':
      return seen.name === match.name && seen.nth === match.nth;
    case 'from name':
      return seen.name === match.name && seen.nth >= match.nth;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

function forward(
  target: string,
  sent: Pick<IncomingMessage, 'headers'> & {
    readonly method: string;
    readonly url: string;
    readonly body: Buffer;
  },
): Promise<Answer> {
  const { method, url, headers, body } = sent;
  return new Promise((resolve, reject) => {
    const onward = request(`${target}${url}`, { method, headers, agent: false }, (incoming) => {
      buffer(incoming).then(
        (whole) => resolve({ status: incoming.statusCode ?? 500, headers: incoming.headers, body: whole }),
        reject,
      );
    });
    onward.on('error', reject);
    onward.end(body);
  });
}

/** Of one connection, not of the message; and the length, which is counted anew. */
const NOT_PASSED_ON = ['connection', 'keep-alive', 'transfer-encoding'];

function headersOf({ headers }: Answer): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || NOT_PASSED_ON.includes(name)
        ? []
        : [[name, typeof value === 'string' ? value : [...value]]],
    ),
  );
}

function send(response: ServerResponse, answer: Answer): number {
  response.writeHead(answer.status, headersOf(answer));
  response.end(answer.body);
  return answer.status;
}

function without({ headers, ...rest }: Answer, names: RegExp): Answer {
  const left = Object.entries(headers).filter(([name]) => !names.test(name));
  return { ...rest, headers: Object.fromEntries(left) };
}

/** The length that was promised is never reached. */
function stall(response: ServerResponse, answer: Answer): number {
  response.writeHead(answer.status, {
    ...headersOf(answer),
    'content-length': String(answer.body.length + 1),
  });
  response.write(answer.body.subarray(0, Math.ceil(answer.body.length / 2)));
  response.flushHeaders();
  return answer.status;
}

function reset(response: ServerResponse): null {
  response.socket?.resetAndDestroy();
  return null;
}
