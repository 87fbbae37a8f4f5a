import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What a name server answered: `timeout` or a response code, and the data. */
export interface DnsAnswer {
  readonly rcode: number | 'timeout';
  readonly data: readonly string[];
}

/** Asks DNS questions from inside a network namespace. */
export interface DnsAsker {
  ask(name: string, type: string, timeoutMs?: number): Promise<DnsAnswer>;
  close(): void;
}

/** Starts a DNS client in a network namespace (a path below /run/netns); it ends with `close` or with this process. */
export function startDnsAsker(netns: string, server: string): DnsAsker {
  const program = join(import.meta.dirname, '../dns-ask.ts');
  const child: ChildProcess = spawn('nsenter', [`--net=/run/netns/${netns}`, '--', process.execPath, program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<string, (answer: DnsAnswer) => void>();
  let count = 0;
  if (!child.stdout) throw new Error('the DNS client has no output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as DnsAnswer & { id: string };
    waiting.get(answer.id)?.({ rcode: answer.rcode, data: answer.data });
    waiting.delete(answer.id);
  });
  return {
    ask(name, type, timeoutMs = 500) {
      count += 1;
      const id = String(count);
      return new Promise((resolve) => {
        // The client itself may be starved: an answer of ours comes in any case.
        const timer = setTimeout(() => resolve({ rcode: 'timeout', data: [] }), timeoutMs + 2000);
        waiting.set(id, (answer) => {
          clearTimeout(timer);
          resolve(answer);
        });
        child.stdin?.write(`${id} ${name} ${type} ${server} ${timeoutMs}\n`);
      });
    },
    close: () => {
      child.stdin?.end();
      child.kill('SIGKILL');
    },
  };
}
