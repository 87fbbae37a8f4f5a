import type { Ran } from './debian-root.ts';

/** A client that is told to print what it got, one `name=value` per line. */
const PRINT = '/tmp/regent-lease';
export const PRINT_SCRIPT = `#!/bin/sh
[ "$1" = bound ] || exit 0
{ echo "ip=$ip"; echo "router=$router"; echo "dns=$dns"; echo "domain=$domain"; echo "search=$search"; echo "ntp=$ntpsrv"
echo "siaddr=$siaddr"; echo "file=$boot_file"; echo "hostname=$hostname"; echo "lease=$lease"; echo "mask=$subnet"; } >${PRINT}.$interface
`;

/** The same, and all that the client was told under no name of its own. */
export const PRINT_ALL_SCRIPT = `${PRINT_SCRIPT}env | grep -E '^(opt[0-9]|rootpath=|staticroutes=)' >>${PRINT}.$interface
`;

/** What a client asks with. `arch`: option 93 in hexadecimal; `userClass`: option 77; `vendor`: option 60. */
export interface Asking {
  readonly mac?: string;
  readonly arch?: string;
  readonly userClass?: string;
  readonly vendor?: string;
  /** Further options by number; they come back as `optNUMBER`, in hexadecimal. */
  readonly request?: readonly number[];
}

/** Asks for a lease as a machine on `eth0` of `run`'s network and gives what it was told; null: nobody answered in a few seconds. */
export async function askLease(
  run: (argv: readonly string[]) => Promise<Ran>,
  asking: Asking = {},
): Promise<Readonly<Record<string, string>> | null> {
  const set = asking.mac === undefined ? 'true' : `ip link set eth0 address ${asking.mac}`;
  const words = ['udhcpc', '-i', 'eth0', '-f', '-q', '-n', '-t', '4', '-T', '1', '-s', '/usr/local/bin/regent-lease'];
  const options = ['-O', 'search', '-O', 'ntpsrv', '-O', 'hostname'];
  if (asking.arch !== undefined) options.push('-x', `0x5d:${asking.arch}`);
  if (asking.userClass !== undefined) options.push('-x', `0x4d:${Buffer.from(asking.userClass).toString('hex')}`);
  for (const code of asking.request ?? []) options.push('-O', String(code));
  if (asking.vendor !== undefined) options.push('-V', asking.vendor);
  const print = `${PRINT}.eth0`;
  const ran = await run(['sh', '-c', `rm -f ${print}; ${set}; "$@" >&2; cat ${print}`, 'sh', ...words, ...options]);
  if (ran.stdout === '') return null;
  return Object.fromEntries(
    ran.stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
