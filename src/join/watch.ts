import { PATHS } from './paths.ts';
import type { HostPorts } from './ports.ts';
import { parseObject } from './texts.ts';

/** States of the agent's engine in which a service needs no more waiting. */
const SETTLED = ['healthy', 'absent'];
/** The longest quotation of a daemon, in characters. */
const QUOTE_MAX = 500;

/**
 * Watches the services that the agent brings up on this host, by name and unit. Gives the first that is not there yet, with the engine's or
 * systemd's message; null when all are there.
 */
export function watchUnits(ports: HostPorts, units: Readonly<Record<string, string>>): () => Promise<string | null> {
  return async () => {
    const services = await readEngine(ports);
    for (const [service, unit] of Object.entries(units)) {
      const engine = services[service];
      if (engine !== undefined && SETTLED.includes(engine.state)) continue;
      const state = await ports.host.units.state(unit).catch(() => null);
      if (state?.load !== 'loaded') continue;
      const progress =
        engine === undefined || engine.state === 'unknown' ? 'waits for the agent' : `${engine.state}, ${engine.why}`;
      return `${service} (${unit} is ${state.active}): ${progress}`;
    }
    return null;
  };
}

/** The engine's view of its services, without the text of any file. */
export async function readEngine({
  host,
}: HostPorts): Promise<Readonly<Record<string, { state: string; why: string }>>> {
  const text = await host.files.read(PATHS.applied).catch(() => null);
  const services = text === null ? null : parseObject(text)?.['services'];
  if (typeof services !== 'object' || services === null) return {};
  return Object.fromEntries(
    Object.entries(services as Record<string, { state?: unknown; why?: unknown }>).map(([name, { state, why }]) => [
      name,
      {
        state: typeof state === 'string' ? state : 'unknown',
        why: typeof why === 'string' ? why.slice(0, QUOTE_MAX) : '',
      },
    ]),
  );
}
