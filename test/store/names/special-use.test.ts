import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import { bitsOf, firstAddress, formatNetwork, type Network, parseNetwork } from '../../../src/core/ip.ts';
import {
  checkHostNetwork,
  checkSpecialName,
  SPECIAL_NAMES,
  SPECIAL_NETWORKS,
} from '../../../src/model/names/special-use.ts';
import { usePostgres } from '../../kit/postgres.ts';
import type { Database } from '../../../src/store/database.ts';

const postgres = usePostgres();
let db: Database;
beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
});

/** Each block, the two networks beside it, its halves and what is above it; and networks by chance. */
function samples(): Network[] {
  const near = SPECIAL_NETWORKS.flatMap(({ block }) => {
    const network = parseNetwork(block) as Network;
    const bits = bitsOf(network.family);
    const size = 1n << BigInt(bits - network.prefix);
    const all = 1n << BigInt(bits);
    const moved = [-size, 0n, size].map((step) => ({ ...network, value: (network.value + step + all) % all }));
    const above = { ...network, prefix: Math.max(network.prefix - 1, 0) };
    const below = { ...network, prefix: Math.min(network.prefix + 3, bits) };
    return [...moved, { ...above, ...firstAddress(above) }, below];
  });
  const family = fc.constantFrom(4 as const, 6 as const);
  const chance = family.chain((one) =>
    fc
      .tuple(fc.bigInt(0n, (1n << BigInt(bitsOf(one))) - 1n), fc.integer({ min: 4, max: bitsOf(one) }))
      .map(([value, prefix]) => {
        const network = { family: one, value, prefix };
        return { ...network, ...firstAddress(network) };
      }),
  );
  return [...near, ...fc.sample(chance, 400)];
}

it('the database and the model refuse the same networks', async () => {
  const networks = samples();
  const texts = networks.map(formatNetwork);
  const rows = await db.read((tx) =>
    tx.all(sql<{ refused: boolean }>`
      select special_network(cidr) is not null as refused from unnest(${texts}::cidr[]) with ordinality as t (cidr, place) order by place`),
  );
  if (!Array.isArray(rows)) throw new Error(JSON.stringify(rows));
  const law = networks.map((network) => checkHostNetwork(network) !== null);
  expect(texts.map((text, index) => [text, rows[index]?.refused])).toEqual(
    texts.map((text, index) => [text, law[index]]),
  );
  expect(law).toContain(true);
  expect(law).toContain(false);
});

it('the database and the model refuse the same names', async () => {
  const names = SPECIAL_NAMES.flatMap(({ name }) => [name, `a.${name}`, `a${name}`, `${name}.test`, `a.b.${name}`]);
  const rows = await db.read((tx) =>
    tx.all(sql<{ refused: boolean }>`
      select special_name(name) is not null as refused from unnest(${names}::text[]) with ordinality as t (name, place) order by place`),
  );
  if (!Array.isArray(rows)) throw new Error(JSON.stringify(rows));
  expect(names.map((name, index) => [name, rows[index]?.refused])).toEqual(
    names.map((name) => [name, checkSpecialName(name) !== null]),
  );
});
