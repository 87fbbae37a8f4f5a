import type { TestLab } from '../lab.ts';

const PATRONICTL =
  'set -a; . /etc/regent/secrets/patroni.env; set +a; exec patronictl -c /etc/patroni/regent/patroni.yml "$@"';

/** Runs patronictl as an operator of the database would: as postgres, on this host. Gives its output; throws when it fails. */
export function patronictl(lab: TestLab, host: string, ...args: readonly string[]): Promise<string> {
  return lab.ask(host, ['runuser', '-u', 'postgres', '--', 'sh', '-c', PATRONICTL, 'patronictl', ...args], 60_000);
}
