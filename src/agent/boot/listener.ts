import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type BootAnswer, answerBoot, type BootRecords, findUnknownClient } from '../../boot/answer.ts';
import type { Loader } from '../../boot/client.ts';
import type { BootPlace, EnlistAnswer } from '../../boot/decide.ts';
import { type BootTemplates, renderAsk } from '../../boot/script.ts';
import { sentenceOf } from '../../core/errors.ts';
import { PORTS } from '../../core/node-ports.ts';
import type { Clock, Log } from '../../core/ports.ts';
import type { AskEnlist } from './enlist.ts';
import { openUnknownMachines } from './unknown-machines.ts';

/** What the rack knows of machines at this moment. `generation`: of the desired state that the records came with. */
export type BootState = { readonly records: BootRecords; readonly generation: number };

/** An answer as it was given. `client`: the address of the machine. */
export type AnswerSeen = BootAnswer['log'] & { readonly client: string };

/** What a listener is built from. `state` and `enlist` are called at each question; `enlist` may throw, and is given up after `enlistMs`. */
export interface BootListenerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly templates: BootTemplates;
  readonly state: () => BootState;
  readonly enlist: AskEnlist;
  readonly enlistMs?: number;
  /** Receives each answer. */
  readonly onAnswer?: (answer: AnswerSeen) => void;
  /** Ports of the listener and of the rack's web server; their own when left out. */
  readonly port?: number;
  readonly filesPort?: number;
}

/** Answers machines on the addresses of the rack. It is the one HTTP server besides the API's. */
export interface BootListener {
  /** Listens on these addresses, and no longer on others. A failed address is reported once, and tried again at each call. */
  listenOn(addresses: readonly string[]): Promise<void>;
  /** Addresses that it listens on. */
  addresses(): readonly string[];
  close(): Promise<void>;
}

const ENLIST_MS = 3_000;
/** Loaders ask within milliseconds, and have headers of some hundred bytes. */
const LIMITS = { headersTimeout: 5_000, requestTimeout: 5_000, maxHeaderSize: 8_192, keepAlive: false } as const;
const CONNECTIONS = 512;
const LOADER_OF: Readonly<Record<string, Loader>> = { '/ipxe/script': 'ipxe', '/grub/script': 'grub' };

/** Opens a listener that listens nowhere yet. */
export function openBootListener(options: BootListenerOptions): BootListener {
  const { log, port = PORTS.bootScripts } = options;
  const servers = new Map<string, Server>();
  /** Reported already. */
  const refused = new Set<string>();
  const answer = openAnswerer(options);

  async function open(address: string): Promise<void> {
    const place = { files: origin(address, options.filesPort ?? PORTS.bootFiles), scripts: origin(address, port) };
    const server = createServer(LIMITS, (request, response) => {
      // Whoever gets no script asks again: the first scripts see to that.
      answer(request, response, place).catch((error: unknown) => {
        log.error('a machine got no script', { url: request.url?.slice(0, 200), error: sentenceOf(error) });
        send(response, 500, 'The boot listener failed. Its log has the cause.\n');
      });
    });
    server.maxConnections = CONNECTIONS;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, address, resolve);
      });
    } catch (error) {
      if (!refused.has(address))
        log.warn('the boot listener cannot listen', { address, port, error: sentenceOf(error) });
      refused.add(address);
      return;
    }
    refused.delete(address);
    server.on('error', (error) => log.warn('the boot listener has a fault', { address, error: sentenceOf(error) }));
    servers.set(address, server);
  }

  function end(address: string, server: Server): Promise<void> {
    servers.delete(address);
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  const listener: BootListener = {
    listenOn: async (addresses) => {
      const wanted = new Set(addresses);
      const gone = [...servers].filter(([address]) => !wanted.has(address));
      await Promise.all(gone.map(([address, server]) => end(address, server)));
      for (const address of wanted) if (!servers.has(address)) await open(address);
    },
    addresses: () => [...servers.keys()],
    close: () => listener.listenOn([]),
  };
  return listener;
}

function openAnswerer(options: BootListenerOptions) {
  const { clock, log, templates, state, enlist, enlistMs = ENLIST_MS } = options;
  const unknownMachines = openUnknownMachines({ enlist, enlistMs, log });
  return async (request: IncomingMessage, response: ServerResponse, place: BootPlace): Promise<void> => {
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, 'Only GET is answered here.\n');
    if (path === '/ipxe.cfg') return send(response, 200, renderAsk(templates));
    const loader = Object.hasOwn(LOADER_OF, path) ? LOADER_OF[path] : undefined;
    if (loader === undefined) return send(response, 404, 'The boot listener serves only /ipxe.cfg and boot scripts.\n');
    const question = { loader, query };
    const client = request.socket.remoteAddress ?? null;
    const known = state();
    const unknownMachine = findUnknownClient(question, known.records);
    const enlistAnswer: EnlistAnswer =
      unknownMachine === null ? { kind: 'no-region' } : await unknownMachines.ask(unknownMachine, client);
    const { script, log: fields } = answerBoot(
      question,
      { ...known, place, templates },
      enlistAnswer,
      clock.now() / 1000,
    );
    const answerSeen: AnswerSeen = { ...fields, client: client ?? '' };
    log.info('a machine asked what to boot', answerSeen);
    send(response, 200, script);
    options.onAnswer?.(answerSeen);
  };
}

function send(response: ServerResponse, status: number, text: string): void {
  // GRUB finds the length by this exact header name; with small letters it waits for half a minute.
  response.writeHead(status, {
    'Content-Type': 'text/plain',
    'Content-Length': Buffer.byteLength(text),
    Connection: 'close',
  });
  response.end(text);
}

function origin(address: string, port: number): string {
  return `http://${address}:${port}`;
}
