import { sql } from 'kysely';
import type { BootstrapDatabase, ClusterRows, NewKey, SiteRows, SiteState } from '../../join/ports.ts';
import { textDigest } from '../../core/stable-json.ts';
import { AppError, isRejected, type Rejected } from '../../core/errors.ts';
import { secretDigest } from '../../core/secret.ts';
import type { Node } from '../../model/cluster/node.ts';
import type { Database } from '../../store/database.ts';
import { migrate, readMigrations } from '../../store/migrate.ts';
import { createApiKey, listApiKeys, revokeApiKey } from '../../store/queries/people/api-keys.ts';
import { recordHeld } from '../../store/publication/held.ts';
import { storeInnerTrust } from '../../store/queries/cluster/inner-trust.ts';
import { recordCertificate } from '../../store/queries/cluster/certificates.ts';
import { writeCluster } from '../../store/queries/cluster/cluster.ts';
import { createDomain, findDomain } from '../../store/queries/names/domains.ts';
import { createNode, findNode, setNodeCredential, updateNode } from '../../store/queries/cluster/nodes.ts';
import { listSettings, setSetting } from '../../store/queries/site/settings.ts';
import { createUser, findUser } from '../../store/queries/people/users.ts';
import { type OperationOutcome, type WriteTx, write } from '../../store/write.ts';

/** How long one read may take, ms: the caller reads again and says what it waits for. */
const READ_MS = 3000;
/** SQLSTATE of a table that does not exist. */
const UNDEFINED_TABLE = '42P01';
const NOTHING: OperationOutcome<null> = { status: 200, body: null };

/** The database work of `regent init` on the real store. `isPlain`: sessions with it go over the network and are not encrypted. */
export function bootstrapDatabase(db: Database, isPlain = false): BootstrapDatabase {
  const change = async (summary: string, body: (tx: WriteTx) => Promise<OperationOutcome<null> | Rejected>) => {
    const key = `init-${db.random.hex(12)}`;
    const operation = { key, requestDigest: textDigest(summary), actor: 'system:init', origin: 'init', summary };
    const written = await write(db, operation, body);
    return isRejected(written) ? written : null;
  };
  return {
    readSite: () => readSite(db, isPlain),
    migrate: () => applyMigrations(db),
    writeSite: (rows) => change(`init node ${rows.nodeName}`, (tx) => writeSite(tx, rows)),
    writeCluster: (nodeId, rows) => change(`adopt the cluster ${rows.id}`, (tx) => writeClusterRows(tx, nodeId, rows)),
    writeCredential: (nodeId, digest) =>
      change(`init credential of node ${nodeId}`, async (tx) => {
        await setNodeCredential(tx, nodeId, digest);
        return NOTHING;
      }),
    replaceKey: (key) => change(`init API key of ${key.user}`, (tx) => replaceKey(tx, key)),
  };
}

/** Applies the missing migrations; gives their labels, such as `1 (names)`. */
export async function applyMigrations(db: Database): Promise<readonly string[] | Rejected> {
  const migrations = readMigrations();
  const applied = await migrate(db, migrations);
  if (isRejected(applied)) return applied;
  return applied.map((number) => `${number} (${migrations[number - 1]?.name ?? ''})`);
}

async function readSite(db: Database, isPlain: boolean): Promise<SiteState | Rejected> {
  const serverFacts = await db.read(
    (tx) =>
      tx.one(sql<{ version: number; encoding: string }>`
        select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`),
    { deadlineMs: READ_MS },
  );
  if (isRejected(serverFacts)) return serverFacts;
  const server = serverFacts === null ? {} : { server: { ...serverFacts, isPlain } };
  try {
    return await db.read(
      async (tx) => {
        // Only these columns: the schema of an earlier version also has them.
        const nodes = await tx.all(sql<SiteState['nodes'][number]>`select id, name from nodes order by id`);
        return { isRegent: true, nodes, ...server };
      },
      { deadlineMs: READ_MS },
    );
  } catch (error) {
    const cause = error instanceof AppError ? error.cause : error;
    const isMissing = typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === UNDEFINED_TABLE;
    if (isMissing) return { isRegent: false, nodes: [], ...server };
    throw error;
  }
}

async function writeSite(tx: WriteTx, rows: SiteRows): Promise<OperationOutcome<null> | Rejected> {
  const { nodeId, nodeName, addresses, domain, cluster } = rows;
  if ((await findDomain(tx, { name: domain })) === null) {
    await createDomain(tx, { name: domain, ttl: null });
    tx.emit({ kind: 'domain.created', subject: domain, data: {} });
  }
  const setting = (await listSettings(tx)).find(({ name }) => name === 'default_domain');
  if (setting?.version === 0 || setting?.value !== domain) {
    const set = await setSetting(tx, 'default_domain', domain);
    if (isRejected(set)) return set;
    tx.emit({ kind: 'setting.changed', subject: 'default_domain', data: { value: domain } });
  }
  const node = await writeNode(tx, { id: nodeId, name: nodeName, addresses });
  if (isRejected(node)) return node;
  return cluster === undefined ? NOTHING : writeClusterRows(tx, nodeId, cluster);
}

async function writeNode(tx: WriteTx, wanted: Pick<Node, 'id' | 'name' | 'addresses'>): Promise<null | Rejected> {
  const { id, name, addresses } = wanted;
  const node = await findNode(tx, { id });
  if (node === null) {
    await createNode(tx, { id, name, isRegion: true, isRack: false, addresses });
    tx.emit({ kind: 'node.created', subject: name, data: { id } });
    return null;
  }
  if (node.name === name && node.addresses.join() === addresses.join()) return null;
  const updated = await updateNode(tx, { key: id }, { name, addresses });
  if (isRejected(updated)) return updated;
  tx.emit({ kind: 'node.changed', subject: name, data: { id } });
  return null;
}

async function writeClusterRows(
  tx: WriteTx,
  nodeId: string,
  rows: ClusterRows,
): Promise<OperationOutcome<null> | Rejected> {
  const { id, vip, virtualRouter, isDatabaseExternal, certificate, held, versions, inner } = rows;
  const cluster = await writeCluster(tx, { id, vip, virtualRouter, isDatabaseExternal });
  if (isRejected(cluster)) return cluster;
  await recordCertificate(tx, { nodeId, ...certificate });
  if (inner !== undefined) await storeInnerTrust(tx, inner);
  if (held !== null) await recordHeld(tx, nodeId, held);
  for (const { service, key, digest, version } of versions)
    await tx.run(sql`insert into versions (service, key, digest, version) values (${service}, ${key}, ${digest}, ${version})
      on conflict (service, key) do nothing`);
  return NOTHING;
}

async function replaceKey(tx: WriteTx, key: NewKey): Promise<OperationOutcome<null> | Rejected> {
  if ((await findUser(tx, key.user)) === null) {
    await createUser(tx, { name: key.user, role: 'admin' });
    tx.emit({ kind: 'user.created', subject: key.user, data: { role: 'admin' } });
  }
  const before = await listApiKeys(tx, { user: key.user, limit: 1000 });
  for (const { token, label } of before.items) {
    if (label !== key.label) continue;
    await revokeApiKey(tx, token);
    tx.emit({ kind: 'api-key.revoked', subject: token, data: { user: key.user } });
  }
  const { user, label, consumer, token } = key;
  await createApiKey(tx, { user, label, consumer, token, expiresAt: null, secretSha256: secretDigest(key.secret) });
  tx.emit({ kind: 'api-key.created', subject: token, data: { user, label } });
  return NOTHING;
}
