import { type ChildProcess, spawn } from 'node:child_process';
import type { Log } from '../../core/ports.ts';
import { deadline } from '../../host/ask/deadline.ts';

/** systemd's start-up and watchdog messages; all are no-ops outside of a unit (no NOTIFY_SOCKET). They never throw. */
export interface Notifier {
  ready(): Promise<void>;
  stopping(): Promise<void>;
  /** Proof of life; true when systemd took it. */
  watchdog(): Promise<boolean>;
  /** One line for `systemctl status`. */
  status(text: string): Promise<void>;
}

/**
 * With the pause to the next ping less than the shortest interval of a unit (10 s): one that is stuck is replaced in time. Who is replaced sooner on a busy
 * host takes the message with him that systemd waits for, and a process that works is ended.
 */
const SEND_TIMEOUT_MS = 5_000;
const READY_ATTEMPTS = 5;

/** Options of the notifier: the environment that systemd gave. */
export type NotifierOptions = { readonly environment: Readonly<Record<string, string | undefined>>; readonly log: Log };

/**
 * perl-base is essential in Debian. It sends each line of its input as a message and answers `ok`, or why not; it ends
 * only with its input: systemd sends SIGTERM to all processes of a unit, and then there is still one message to come.
 */
const PERL = '/usr/bin/perl';
const PROGRAM = String.raw`use Socket; $| = 1; $SIG{TERM} = 'IGNORE'; my $p = $ENV{NOTIFY_SOCKET}; $p =~ s/^\@/\0/; socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or exit 1;
my $to = sockaddr_un($p); while (<STDIN>) { chomp; print(defined(send($s, $_, 0, $to)) ? "ok\n" : "$!\n") }`;

/**
 * Opens the connection to systemd. Node has no datagram unix sockets: one small child sends all messages, since a child for each would be a copy
 * of this process's page tables every few seconds. The unit needs NotifyAccess=all.
 */
export function openNotifier(options: NotifierOptions): Notifier {
  const socket = options.environment['NOTIFY_SOCKET'];
  if (!socket)
    return { ready: async () => {}, stopping: async () => {}, watchdog: async () => true, status: async () => {} };
  const send = openSender(socket);
  const say = async (message: string) => {
    const failure = await send(message);
    if (failure !== null)
      options.log.warn('systemd did not receive a message', { notification: message, error: failure });
    return failure === null;
  };
  return {
    ready: async () => {
      // A lost READY=1 would end in a start time-out, so only this message is sent again.
      for (let attempt = 0; attempt < READY_ATTEMPTS; attempt += 1) if (await say('READY=1')) return;
    },
    stopping: async () => void (await say('STOPPING=1')),
    watchdog: () => say('WATCHDOG=1'),
    status: async (text) => void (await say(`STATUS=${text.replaceAll('\n', ' ')}`)),
  };
}

/** Sends messages in their order; each resolves to null, or to why it was not sent. A child that is gone or silent is replaced. */
function openSender(socket: string): (message: string) => Promise<string | null> {
  let sender: Sender | null = null;
  return (message) => {
    if (sender === null || sender.isOver()) sender = startSender(socket);
    return sender.send(message);
  };
}

type Sender = { send(message: string): Promise<string | null>; isOver(): boolean };

function startSender(socket: string): Sender {
  const waiting: ((failure: string | null) => void)[] = [];
  let isOver = false;
  let rest = '';
  // Descriptor 3 may be a socket that systemd passed; the child has no part in it.
  const child: ChildProcess = spawn(PERL, ['-e', PROGRAM], {
    stdio: ['pipe', 'pipe', 'ignore', 'ignore'],
    env: { NOTIFY_SOCKET: socket },
  });
  const end = (why: string) => {
    isOver = true;
    child.kill('SIGKILL');
    for (const settle of waiting.splice(0)) settle(why);
  };
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => end(`the sender ended (${signal ?? code})`));
  child.stdin?.on('error', () => {});
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString()}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) waiting.shift()?.(line === 'ok' ? null : line);
  });
  return {
    isOver: () => isOver,
    send: (message) =>
      new Promise((resolve) => {
        const cancel = deadline(SEND_TIMEOUT_MS, () => end('systemd does not take it'));
        waiting.push((failure) => {
          cancel();
          resolve(failure);
        });
        child.stdin?.write(`${message}\n`);
      }),
  };
}
