import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { deadline } from './ask/deadline.ts';

/** The process at the other end of a unix socket, as the kernel reports it (unix(7), SO_PEERCRED). */
export interface SocketPeer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const TIMEOUT_MS = 5000;
/** Node has no getsockopt. perl-base is essential in Debian; the accepted socket is its file descriptor 3. SOL_SOCKET 1, SO_PEERCRED 17. */
const PERL = '/usr/bin/perl';
const PROGRAM =
  'open(my $s, "+<&=", 3) or exit 2; my $o = getsockopt($s, 1, 17) or exit 3; print join(" ", unpack("iII", $o))';

/** Asks the kernel; null if there is no answer (no unix socket, closed, perl missing). */
export async function peerOf(socket: Socket): Promise<SocketPeer | null> {
  const fd = descriptorOf(socket);
  // A TCP socket also has credentials: those of nobody (uid 4294967295).
  if (fd === null || socket.remoteAddress !== undefined) return null;
  const text = await runPerl(fd);
  const [, pid, uid, gid] = /^(\d+) (\d+) (\d+)$/.exec(text) ?? [];
  if (pid === undefined || uid === undefined || gid === undefined || Number(pid) === 0) return null;
  return { pid: Number(pid), uid: Number(uid), gid: Number(gid) };
}

/** Node's handle knows the number; passing the Socket itself would stop its reading. */
function descriptorOf(socket: Socket): number | null {
  const handle: unknown = '_handle' in socket ? socket._handle : null;
  const fd: unknown = typeof handle === 'object' && handle !== null && 'fd' in handle ? handle.fd : null;
  return typeof fd === 'number' && fd >= 0 ? fd : null;
}

function runPerl(fd: number): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(PERL, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'ignore', fd], env: {} });
    const cancel = deadline(TIMEOUT_MS, () => child.kill('SIGKILL'));
    let text = '';
    child.stdout?.on('data', (data: Buffer) => {
      if (text.length < 100) text += data.toString();
    });
    child.on('error', () => {
      cancel();
      resolve('');
    });
    child.on('close', (code) => {
      cancel();
      resolve(code === 0 ? text : '');
    });
  });
}
