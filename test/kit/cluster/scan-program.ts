import { connect } from 'node:net';

/** Connections that wait at the same time: the hosts share this machine's processors. */
const AT_ONCE = 200;
const WAIT_MS = 1000;
const LAST_PORT = 65_535;

/** Which of all TCP ports of an address accept a connection; those that say nothing at all are asked once more. */
async function openPorts(address: string): Promise<number[]> {
  const open: number[] = [];
  let next = 1;
  const work = async () => {
    while (next <= LAST_PORT) {
      const port = next;
      next += 1;
      const first = await tryPort(address, port);
      const said = first === 'silent' ? await tryPort(address, port) : first;
      if (said === 'open') open.push(port);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return open.sort((a, b) => a - b);
}

function tryPort(address: string, port: number): Promise<'open' | 'closed' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (result: 'open' | 'closed' | 'silent') => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end('silent'), WAIT_MS);
    socket.on('connect', () => end('open'));
    socket.on('error', () => end('closed'));
  });
}

const result: Record<string, number[]> = {};
for (const address of process.argv.slice(2)) result[address] = await openPorts(address);
process.stdout.write(`${JSON.stringify(result)}\n`);
