import { readdirSync, readFileSync } from 'node:fs';

/** Name and state (a letter) of a process in /proc (proc(5)); null: there is none of that number. */
export function statOf(pid: number | string): { readonly name: string; readonly state: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold some itself.
    const [start, end] = [text.indexOf('('), text.lastIndexOf(')')];
    return { name: text.slice(start + 1, end), state: text.charAt(end + 2) };
  } catch {
    return null;
  }
}

/** Numbers of all processes that this one may see. */
export function allPids(): number[] {
  return readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? [Number(entry)] : []));
}

/** All processes of a name. */
export function pidsNamed(name: string): number[] {
  return allPids().filter((pid) => statOf(pid)?.name === name);
}
