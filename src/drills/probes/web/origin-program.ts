import { serveOrigin } from './origin.ts';

/* `serveOrigin` as a program: listens on the ports that its arguments name until its standard input ends. Prints `ready`. */
await serveOrigin(process.argv.slice(2).map(Number));
process.stdin.on('end', () => process.exit()).resume();
process.stdout.write('ready\n');
