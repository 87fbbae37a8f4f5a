import { ARMED } from '../run/well.ts';
import type { Proof } from './overlay.ts';

/** haproxy's servers, as comma separated values. */
const ASK_HAPROXY = `import socket
s = socket.socket(socket.AF_UNIX)
s.settimeout(3)
s.connect('/run/haproxy/regent.sock')
s.sendall(b'show stat -1 4 -1\\n')
print(''.join(iter(lambda: s.recv(65536).decode(), '')))`;

/** Patroni's common configuration has these members with these values. */
export function patroniSays(members: Readonly<Record<string, number | boolean>>): Proof {
  return {
    what: `Patroni's common configuration has ${Object.keys(members).join(', ')} as wanted`,
    argv: ['runuser', '-u', 'postgres', '--', '/opt/regent/current/ha/postgres/dynamic'],
    isTaken: (answer) => Object.entries(members).every(([name, value]) => memberOf(answer, name) === value),
  };
}

/** A setting of the PostgreSQL that runs. */
export function postgresSays(setting: string, value: string): Proof {
  return {
    what: `PostgreSQL says that ${setting} is '${value}'`,
    argv: sql(`show ${setting}`),
    isTaken: (answer) => answer.trim() === value,
  };
}

/** A standby may have the names of a time when it was primary: they mean nothing there. */
export const WAITS_FOR_NOBODY: Proof = {
  what: 'a primary waits for no standby',
  argv: sql(
    "select case when pg_is_in_recovery() then 'standby' else 'names: ' || current_setting('synchronous_standby_names') end",
  ),
  isTaken: (answer) => ['standby', 'names:'].includes(answer.trim()),
};

/** One that was started a moment ago does not yet: a primary that it does not vouch for is waited for as long as one without any keeper. */
export const KEEPER_VOUCHES: Proof = {
  what: 'the keeper of a primary vouches for it',
  argv: ['sh', '-c', `test -e /var/lib/postgresql/17/regent/standby.signal || test -e ${ARMED}`],
  isTaken: () => true,
};

/** Every server that is checked, by haproxy's own state (management guide, §9.3). */
export function haproxySays(wanted: { readonly rise: number; readonly fall: number }): Proof {
  return {
    what: `haproxy's checks have rise ${wanted.rise}, fall ${wanted.fall}`,
    argv: ['python3', '-c', ASK_HAPROXY],
    isTaken: (answer) => {
      const [head = '', ...rows] = answer
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(/^# /, ''));
      const names = head.split(',');
      const [rise, fall] = [names.indexOf('check_rise'), names.indexOf('check_fall')];
      // Those that go by the checks of others have none.
      const cells = rows.map((row) => row.split(',')).filter((row) => row[rise] !== '');
      return (
        cells.length > 0 &&
        rise >= 0 &&
        cells.every((row) => row[rise] === String(wanted.rise) && row[fall] === String(wanted.fall))
      );
    },
  };
}

/** keepalived writes what it runs with into its own /tmp on a signal (keepalived(8), USR1). One that still starts would die of it. */
const ASK_KEEPALIVED = `[ "$(pgrep -c -x keepalived)" -ge 2 ] || exit 0
sleep 0.5; pid=$(pgrep -o -x keepalived); file=/proc/$pid/root/tmp/keepalived.data
rm -f "$file"; kill -USR1 "$pid"
for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; [ ! -s "$file" ] || break; done
sed -n 's/^ *Advert interval = //p' "$file"`;

/** keepalived's own adverts, as it prints them: `1000 milli-sec`. */
export function keepalivedSays(advert: string): Proof {
  return {
    what: `keepalived's adverts come every ${advert}`,
    argv: ['sh', '-c', ASK_KEEPALIVED],
    isTaken: (answer) => answer.trim() === advert,
  };
}

/** A setting of the kernel's network. */
export function kernelSays(name: string, value: number): Proof {
  return {
    what: `the kernel says that ${name} is ${value}`,
    argv: ['cat', `/proc/sys/${name.replaceAll('.', '/')}`],
    isTaken: (answer) => answer.trim() === String(value),
  };
}

function sql(statement: string): string[] {
  return ['runuser', '-u', 'postgres', '--', 'psql', '-XAtq', '-d', 'postgres', '-c', statement];
}

function memberOf(text: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? new Map<string, unknown>(Object.entries(value)).get(name)
      : undefined;
  } catch {
    return undefined;
  }
}
