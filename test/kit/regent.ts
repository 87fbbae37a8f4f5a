import { join } from 'node:path';
import { type CommandResult, run } from '../../src/lab/command.ts';
import { CHECKOUT, type ProductLab } from './lab.ts';

/** `bin/regent` of the checkout, as an operator runs it against a site. */
export interface Regent {
  /** Whatever it did is told. */
  regent(this: void, ...args: string[]): Promise<CommandResult>;
  /** Its standard output; throws when it fails. */
  tell(this: void, ...args: string[]): Promise<string>;
}

/** Runs it against a lab's product. */
export function regentOf(lab: Pick<ProductLab, 'url' | 'apiKey'>): Regent {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    REGENT_URL: lab.url,
    REGENT_API_KEY: lab.apiKey,
  };
  const regent = (...args: string[]) => run([join(CHECKOUT, 'bin', 'regent'), ...args], { timeoutMs: 90_000, env });
  const tell = async (...args: string[]) => {
    const { code, stdout, stderr } = await regent(...args);
    if (code === 0) return stdout;
    throw new Error(`regent ${args.join(' ')}: ${code}: ${`${stderr.trim()} ${stdout.trim()}`.trim()}`);
  };
  return { regent, tell };
}
