import { execFile } from 'node:child_process';
import type { Log } from '../core/ports.ts';

/** systemd's start-up and watchdog messages; all are no-ops outside of a unit (no NOTIFY_SOCKET). They never throw. */
export interface Notifier {
  ready(): Promise<void>;
  stopping(): Promise<void>;
  /** Proof of life; true when systemd took it. */
  watchdog(): Promise<boolean>;
  /** One line for `systemctl status`. */
  status(text: string): Promise<void>;
}

const SEND_TIMEOUT_MS = 2_000;
const READY_ATTEMPTS = 5;

/** Options of the notifier: the environment that systemd gave. */
export interface NotifierOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/**
 * Opens the way to systemd. Node has no datagram unix sockets, so each message is sent by a short `systemd-notify` child with
 * a time-out; the unit needs NotifyAccess=all.
 */
export function openNotifier(options: NotifierOptions): Notifier {
  const socket = options.environment['NOTIFY_SOCKET'];
  if (!socket) {
    return { ready: async () => {}, stopping: async () => {}, watchdog: async () => true, status: async () => {} };
  }
  const say = async (message: string) => {
    const failure = await send(message, socket);
    if (failure !== null) options.log.warn('systemd-notify failed', { notification: message, error: failure });
    return failure === null;
  };
  return {
    ready: async () => {
      // A lost READY=1 would end in a start time-out, so it alone is tried again.
      for (let attempt = 0; attempt < READY_ATTEMPTS; attempt += 1) if (await say('READY=1')) return;
    },
    stopping: async () => void (await say('STOPPING=1')),
    watchdog: () => say('WATCHDOG=1'),
    status: async (text) => void (await say(`STATUS=${text.replaceAll('\n', ' ')}`)),
  };
}

function send(message: string, socket: string): Promise<string | null> {
  return new Promise((resolve) => {
    const options = {
      timeout: SEND_TIMEOUT_MS,
      killSignal: 'SIGKILL' as const,
      env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' },
    };
    execFile('systemd-notify', [message], options, (error) => resolve(error === null ? null : error.message));
  });
}
