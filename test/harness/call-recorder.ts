/**
 * A loopback proxy in front of an emulator. It makes every round trip as long as the network would, and writes down each call: what
 * was asked, of what, over which connection, from when to when, with which answer.
 *
 * Nothing is changed on the way: headers, bodies and the order on a connection stay what they were.
 */
import { Agent, createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { readCall, type Named } from './call-names.ts';

/** One call, as it was seen on the way. */
export interface RecordedCall extends Named {
  /** In the order in which they were asked, from 0. */
  readonly index: number;
  /** Milliseconds of `performance.now()`: when the request was whole, and when the answer was handed over. */
  readonly startMs: number;
  readonly endMs: number;
  /** Milliseconds of them that the emulator took. */
  readonly servedMs: number;
  /** Connections are numbered in the order in which they were opened. */
  readonly connection: number;
  /** HTTP status. */
  readonly status: number;
}

export interface RecorderOptions {
  /** http://127.0.0.1:N of the emulator. */
  readonly upstream: string;
  /**
   * Milliseconds that each round trip takes, with what the emulator needs in it; or for each call its own. An emulator that needs longer
   * makes it longer.
   */
  readonly delayMs: number | ((call: Named) => number);
}

export interface Recorder {
  readonly endpoint: string;
  /** The calls that were answered, in the order in which they were asked. */
  calls(): readonly RecordedCall[];
  /** Connections that were opened. */
  connections(): number;
  forget(): void;
  stop(): Promise<void>;
}

export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  const { upstream } = options;
  const delayOf = typeof options.delayMs === 'number' ? () => options.delayMs as number : options.delayMs;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const numbers = new Map<Socket, number>();
  let asked = 0;
  let opened = 0;
  let calls: RecordedCall[] = [];

  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await buffer(incoming);
    const startMs = performance.now();
    const index = asked++;
    const named = readCall(incoming.method ?? '', incoming.url ?? '', incoming.headers, body);
    const { status, headers, answer } = await forward(agent, upstream, incoming, body);
    const servedMs = performance.now() - startMs;
    await pause(Math.max(0, delayOf(named) - servedMs));
    const connection = numbers.get(incoming.socket) ?? -1;
    calls.push({ ...named, index, startMs, endMs: performance.now(), servedMs, connection, status });
    outgoing.writeHead(status, headers);
    outgoing.end(answer);
  };

  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  server.on('connection', (socket) => {
    numbers.set(socket, opened++);
    socket.setNoDelay(true);
    socket.once('close', () => numbers.delete(socket));
  });
  // A client that keeps its connections must not find them closed between two commands.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    calls: () => [...calls].sort((a, b) => a.index - b.index),
    connections: () => opened,
    forget() {
      [calls, asked, opened] = [[], 0, 0];
    },
    async stop() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly answer: Buffer;
}

function forward(agent: Agent, upstream: string, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { connection: _hop, 'transfer-encoding': _coding, expect: _expect, ...headers } = incoming.headers;
    const sent = ask(
      new URL(incoming.url ?? '/', upstream),
      {
        agent,
        method: incoming.method ?? 'GET',
        headers: { ...headers, 'content-length': String(body.length) },
      },
      (response) => {
        const { connection: _theirs, 'transfer-encoding': _theirCoding, ...rest } = response.headers;
        buffer(response).then(
          (answer) => resolve({ status: response.statusCode ?? 502, headers: rest, answer }),
          reject,
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
