import { createServer, connect, type Socket } from 'node:net';

/*
 * A program: a way to a server that lets so many bytes a second through, in each direction. node slow-way.ts PORT HOST HOST-PORT BYTES. It ends with its
 * standard input.
 */
const [port, host = '', hostPort, bytes] = process.argv.slice(2);
const STEP_MS = 100;
const perStep = Math.max(1, Math.floor((Number(bytes) * STEP_MS) / 1000));

function pass(from: Socket, to: Socket): void {
  let held = Buffer.alloc(0);
  let isEnded = false;
  const timer = setInterval(() => {
    if (held.length > 0) {
      to.write(held.subarray(0, perStep));
      held = held.subarray(perStep);
    } else if (isEnded) {
      clearInterval(timer);
      to.end();
    }
    if (held.length < perStep) from.resume();
  }, STEP_MS);
  from.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    if (held.length > perStep) from.pause();
  });
  from.on('end', () => {
    isEnded = true;
  });
  from.on('error', () => to.destroy());
  from.on('close', () => {
    isEnded = true;
  });
}

createServer((socket) => {
  const server = connect(Number(hostPort), host);
  pass(socket, server);
  pass(server, socket);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
process.stdin.resume().on('end', () => process.exit(0));
