import { readFile } from 'node:fs/promises';
import { AppError } from '../core/errors.ts';

/** A local account. `groups`: the groups that it belongs to beside its own. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Finds a user in /etc/passwd (passwd(5): daemons' accounts are local). Throws AppError `io` when there is none. */
export async function findUser(name: string): Promise<Account> {
  const fields = await findLine('/etc/passwd', name);
  const gid = Number(fields[3]);
  const groups = groupsOf(await readFile('/etc/group', 'utf8'), name).filter((group) => group !== gid);
  return { uid: Number(fields[2]), gid, groups };
}

/** Numbers of the groups that name a member, from a text as of /etc/group (group(5)). */
export function groupsOf(text: string, member: string): number[] {
  return text.split('\n').flatMap((line) => {
    const [, , number = '', members = ''] = line.split(':');
    return /^\d+$/.test(number) && members.split(',').includes(member) ? [Number(number)] : [];
  });
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
