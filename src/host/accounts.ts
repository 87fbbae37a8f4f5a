import { readFile } from 'node:fs/promises';
import { AppError } from '../core/errors.ts';

/** A local account. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Finds a user in /etc/passwd (passwd(5): daemons' accounts are local). Throws AppError `io` when there is none. */
export async function findUser(name: string): Promise<Account> {
  const fields = await findLine('/etc/passwd', name);
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** Finds a group's number in /etc/group. */
export async function findGroup(name: string): Promise<number> {
  const fields = await findLine('/etc/group', name);
  return Number(fields[2]);
}

async function findLine(file: string, name: string): Promise<readonly string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const line = lines.find((candidate) => candidate.startsWith(`${name}:`));
  if (line === undefined) throw new AppError('io', `${file} has no "${name}" (is the daemon's package installed?)`);
  return line.split(':');
}
