import type { Host } from '../host/interface.ts';
import { PATHS, UNITS } from './paths.ts';
import type { InitPorts } from './ports.ts';
import type { HostSeen, Listener } from './preflight.ts';
import { portOf } from './texts.ts';

const COMMAND_MS = 10_000;

/** Looks at the host; changes nothing. */
export async function lookAtHost(ports: InitPorts): Promise<HostSeen> {
  const { host } = ports;
  const units = Object.values(UNITS);
  const states = await Promise.all(units.map((unit) => host.units.state(unit).catch(() => null)));
  const owners = await Promise.all(
    ['named.service', UNITS.region].map((unit) => host.units.state(unit).catch(() => null)),
  );
  return {
    uid: ports.uid,
    productRoot: ports.productRoot,
    facts: await host.facts({}),
    missingUnits: units.filter((_, index) => states[index]?.load !== 'loaded'),
    listeners: await listenersOf(host),
    ownPids: owners.flatMap((state) => (state?.mainPid ? [state.mainPid] : [])),
    freeMegabytes: await freeMegabytes(host),
    conf: await readIfAllowed(host, PATHS.conf),
    rackConf: await readIfAllowed(host, PATHS.rackConf),
    isUnderWay: ((await readIfAllowed(host, PATHS.underWay)) ?? (await readIfAllowed(host, PATHS.done))) !== null,
    hasDatabaseFiles: (await readIfAllowed(host, PATHS.databaseMark)) !== null,
    hasOwnDatabase: ports.hasOwnDatabase,
    site: ports.hasOwnDatabase ? await ports.database.look() : null,
    apiPort: portOf(ports.regionListen),
  };
}

/** Someone who is not root may not read everything; that finding comes from the user id. */
async function readIfAllowed(host: Host, path: string): Promise<string | null> {
  return await host.files.read(path).catch(() => null);
}

async function freeMegabytes(host: Host): Promise<number | null> {
  const answer = await host.exec({ argv: ['df', '--output=avail', '-k', '/var/lib/regent'], timeoutMs: COMMAND_MS });
  const kilobytes = Number(answer.stdout.trim().split('\n').at(-1));
  return answer.code === 0 && Number.isFinite(kilobytes) ? Math.floor(kilobytes / 1024) : null;
}

async function listenersOf(host: Host): Promise<Listener[] | null> {
  const argv = ['ss', '--no-header', '--listening', '--numeric', '--tcp', '--udp', '--processes'];
  const answer = await host.exec({ argv, timeoutMs: COMMAND_MS });
  return answer.code === 0 ? parseListeners(answer.stdout) : null;
}

/** Reads `ss -HlntupO`: `udp UNCONN 0 0 127.0.0.1:53 0.0.0.0:* users:(("named",pid=12,fd=30))`. */
export function parseListeners(text: string): Listener[] {
  return text.split('\n').flatMap((line) => {
    const [protocol, , , , local] = line.trim().split(/\s+/);
    const [, address, port] = /^(.+):(\d+)$/.exec(local ?? '') ?? [];
    if ((protocol !== 'tcp' && protocol !== 'udp') || address === undefined || port === undefined) return [];
    const [, process, pid] = /users:\(\("([^"]*)",pid=(\d+)/.exec(line) ?? [];
    return [
      {
        protocol,
        address: address.replace(/^\[|\]$/g, '').replace(/%.*$/, ''),
        port: Number(port),
        process: process ?? '',
        pid: pid === undefined ? null : Number(pid),
      },
    ];
  });
}
