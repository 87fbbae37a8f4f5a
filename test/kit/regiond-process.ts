import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ConnectionSpec } from '../../src/store/connection.ts';
import { until } from './until.ts';

/** How a region daemon is started. */
export interface RegiondOptions {
  readonly spec: ConnectionSpec;
  /** Path of the agent's socket. */
  readonly socket: string;
  /** Left out: one that nobody else has. Give it to start another one in the place of one that ended. */
  readonly port?: number;
  /** Folder of the checkout whose code runs; this one's when left out. */
  readonly checkout?: string;
  readonly node?: string;
  /** More settings, by their names without `REGENT_`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The daemon as a process of its own. */
export interface Regiond {
  readonly child: ChildProcess;
  readonly port: number;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
  /** Its address, as soon as it listens. */
  url(): Promise<string>;
  /** Resolves when it serves. */
  ready(): Promise<void>;
}

const CHECKOUT = join(import.meta.dirname, '..', '..');

/** Below the ports that the kernel gives to whoever connects or listens without naming one (ip_local_port_range): nobody else gets it meanwhile. */
let lastPort = 20_000 + (process.pid % 2000) * 6;

/** Starts it. The caller ends it. */
export function startRegiond(options: RegiondOptions): Regiond {
  const { spec, socket, checkout = CHECKOUT, node = 'r1', settings = {} } = options;
  const port = options.port ?? (lastPort += 1);
  const listen = `127.0.0.1:${port}`;
  const child = spawn(process.execPath, [join(checkout, 'src/main/regiond.ts')], {
    cwd: checkout,
    env: {
      PATH: process.env['PATH'],
      REGENT_CONF: '/nonexistent',
      REGENT_NODE_NAME: node,
      REGENT_DATABASE_URL: `postgresql:///${spec.database}?host=${encodeURIComponent(spec.host)}&user=${spec.user}`,
      REGENT_REGION_LISTEN: listen,
      REGENT_REGION_AGENT_LISTEN: `unix:${socket}`,
      ...Object.fromEntries(Object.entries(settings).map(([name, text]) => [`REGENT_${name}`, text])),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const keep = (chunk: Buffer) => {
    text += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exit = new Promise<number | null>((done) => child.once('exit', done));
  const url = async () => {
    const isListening = () => text.includes('"listening"');
    await until('regiond listens', isListening, { deadlineMs: 30_000 }).catch((cause: unknown) => {
      throw new Error(`regiond does not listen: ${text}`, { cause });
    });
    return `http://${listen}`;
  };
  const ready = async () => {
    const base = await url();
    await until('regiond is ready', async () => (await fetch(`${base}/health/ready`)).status === 200, {
      deadlineMs: 30_000,
    });
  };
  return { child, port, output: () => text, exit, url, ready };
}
