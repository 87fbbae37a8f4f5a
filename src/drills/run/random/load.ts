import type { Client } from '../../../contract/client.ts';
import { regionsOf, sqlOn, type Environment } from '../environment.ts';

/** Records that clients make and remove, beside the probes. */
export interface Load {
  /** Ends it; waits for calls that are under way, until each call's own deadline. */
  stop(): Promise<void>;
  readonly done: () => { readonly made: number; readonly removed: number; readonly failed: number };
  /** What a region node's own PostgreSQL has otherwise than was acknowledged, one text each. */
  breaches(): Promise<string[]>;
  /** Removes what is left. */
  tidy(): Promise<void>;
}

/** `name`: a label that no other load has had. */
export type LoadOrder = { readonly environment: Environment; readonly name: string; readonly clients: number };

type Made = { readonly label: string; readonly id: string };

const ZONE = 'regent.internal';
/** Between two calls of a client. */
const PAUSE_MS = 200;
/** Each client keeps so many records, and then removes one for each that it makes. */
const RECORDS_PER_CLIENT = 20;
const SQL_TRIES = 60;
const REPLAY_MS = 15_000;

/** Several clients write records through the API, each one call at a time, each call with its own key over all its tries. */
export function startLoad({ environment, name, clients }: LoadOrder): Load {
  const { client } = environment;
  const [there, gone] = [new Map<string, Made>(), new Set<string>()];
  let [isWanted, made, failed] = [true, 0, 0];
  const work = async (worker: number) => {
    const own: Made[] = [];
    for (let number = 1; isWanted; number += 1) {
      try {
        const label = `${name}-${worker}-${number}`;
        const one = await make(client, label);
        made += 1;
        there.set(label, one);
        own.push(one);
        const oldest = own.length > RECORDS_PER_CLIENT ? own.shift() : undefined;
        if (oldest !== undefined) {
          // Until it is acknowledged nobody knows whether it is there.
          there.delete(oldest.label);
          await remove(client, oldest);
          gone.add(oldest.label);
        }
      } catch {
        failed += 1;
      }
      await environment.wait(PAUSE_MS);
    }
  };
  const workers = Array.from({ length: clients }, (_, index) => work(index + 1));
  return {
    stop: async () => {
      isWanted = false;
      await Promise.all(workers);
    },
    done: () => ({ made, removed: gone.size, failed }),
    breaches: async () => {
      const findBreaches = async () => {
        const each = regionsOf(environment.topology).map(async (host) => {
          const found = await labelsOn(environment, host, name);
          return breachesOf([...there.keys()], [...gone], found).map((text) => `${text} on ${host}`);
        });
        return (await Promise.all(each)).flat();
      };
      // A standby has what was acknowledged at once, and shows it a little later.
      for (const end = environment.now() + REPLAY_MS; ; await environment.wait(1_000)) {
        const breaches = await findBreaches();
        if (breaches.length === 0 || environment.now() > end) return breaches;
      }
    },
    tidy: async () => {
      for (const one of there.values()) await remove(client, one).catch(() => undefined);
    },
  };
}

/** Acknowledged and not there, or removed and there. */
export function breachesOf(there: readonly string[], gone: readonly string[], found: readonly string[]): string[] {
  const set = new Set(found);
  return [
    ...there.filter((label) => !set.has(label)).map((label) => `${label} is lost`),
    ...gone.filter((label) => set.has(label)).map((label) => `${label} is back`),
  ];
}

async function make(client: Client, label: string): Promise<Made> {
  const { body } = await client.call('record.create', { body: { fqdn: `${label}.${ZONE}`, type: 'TXT', data: label } });
  return { label, id: String(body.id) };
}

async function remove(client: Client, { id }: Made): Promise<void> {
  await client.call('record.delete', { params: { record: id } });
}

async function labelsOn(environment: Environment, host: string, name: string): Promise<string[]> {
  const statement = `select coalesce(string_agg(name, ','), '') from records where name like '${name}-%'`;
  for (let attempt = 0; attempt < SQL_TRIES; attempt += 1) {
    const answer = await sqlOn(environment, host, statement);
    if (answer !== null) return answer === '' ? [] : answer.split(',');
    await environment.wait(500);
  }
  throw new Error(`the database of ${host} does not answer`);
}
