import { spawn } from 'node:child_process';

/** A failure whose sentence an operator reads. */
export class UpgradeError extends Error {}

const TAIL = 2000;

/** Runs a program to its end; gives its standard output. Its messages also go to the journal. */
export function run(argv: readonly string[]): Promise<string> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
        DEBIAN_FRONTEND: 'noninteractive',
        HOME: '/root',
      },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-TAIL);
      process.stderr.write(text);
    });
    child.on('error', (error) => reject(new UpgradeError(`${program}: ${error.message}`)));
    child.on('close', (code) =>
      code === 0 ? resolve(stdout) : reject(new UpgradeError(reasonOf(program, code, stderr))),
    );
  });
}

/** The last lines of what a program reported that are no progress. Pure. */
export function reasonOf(program: string, code: number | null, stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => (/^\[ *\d+ s\]|^\s*$/.test(line) ? [] : [line.trim()]));
  const text = lines.slice(-3).join('; ').slice(-600);
  return text === '' ? `${program} ended with code ${code ?? 'none'}` : text;
}
