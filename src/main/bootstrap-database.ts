import type { BootstrapDatabase, NewKey, SiteRows, SiteSeen } from '../join/ports.ts';
import { textDigest } from '../core/digest.ts';
import { AppError, isRejected, type Rejected } from '../core/errors.ts';
import { secretDigest } from '../core/secret.ts';
import type { Database } from '../store/database.ts';
import { migrate, readMigrations } from '../store/migrate.ts';
import { createApiKey, listApiKeys, revokeApiKey } from '../store/queries/api-keys.ts';
import { createDomain, findDomain } from '../store/queries/domains.ts';
import {
  createNode,
  findNode,
  listNodes,
  readNodeCredential,
  setNodeCredential,
  updateNode,
} from '../store/queries/nodes.ts';
import { listSettings, setSetting } from '../store/queries/settings.ts';
import { createUser, findUser } from '../store/queries/users.ts';
import { type Outcome, type WriteTx, write } from '../store/write.ts';

/** How long one look may take, ms: the caller asks again and says what it waits for. */
const LOOK_MS = 3000;
/** SQLSTATE of a table that does not exist. */
const UNDEFINED_TABLE = '42P01';
const NOTHING: Outcome<null> = { status: 200, body: null };

/** The database work of `regent init` on the real store. */
export function bootstrapDatabase(db: Database): BootstrapDatabase {
  const change = async (summary: string, body: (tx: WriteTx) => Promise<Outcome<null> | Rejected>) => {
    const key = `init-${db.random.hex(12)}`;
    const operation = { key, requestDigest: textDigest(summary), actor: 'system:init', origin: 'init', summary };
    const written = await write(db, operation, body);
    return isRejected(written) ? written : null;
  };
  return {
    look: () => look(db),
    migrate: () => applyMigrations(db),
    writeSite: (rows) => change(`init node ${rows.nodeName}`, (tx) => writeSite(tx, rows)),
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

async function look(db: Database): Promise<SiteSeen | Rejected> {
  try {
    return await db.read(
      async (tx) => {
        const { items } = await listNodes(tx);
        const nodes = [];
        for (const { id, name } of items) nodes.push({ id, name, credentialDigest: await readNodeCredential(tx, id) });
        return { isRegent: true, nodes };
      },
      { deadlineMs: LOOK_MS },
    );
  } catch (error) {
    const cause = error instanceof AppError ? error.cause : error;
    const isMissing = typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === UNDEFINED_TABLE;
    if (isMissing) return { isRegent: false, nodes: [] };
    throw error;
  }
}

async function writeSite(tx: WriteTx, rows: SiteRows): Promise<Outcome<null> | Rejected> {
  const { nodeId, nodeName, addresses, domain } = rows;
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
  const node = await findNode(tx, { id: nodeId });
  if (node === null) {
    await createNode(tx, { id: nodeId, name: nodeName, isRegion: true, isRack: false, addresses });
    tx.emit({ kind: 'node.created', subject: nodeName, data: { id: nodeId } });
    return NOTHING;
  }
  if (node.name === nodeName && node.addresses.join() === addresses.join()) return NOTHING;
  const updated = await updateNode(tx, { key: nodeId }, { name: nodeName, addresses });
  if (isRejected(updated)) return updated;
  tx.emit({ kind: 'node.changed', subject: nodeName, data: { id: nodeId } });
  return NOTHING;
}

async function replaceKey(tx: WriteTx, key: NewKey): Promise<Outcome<null> | Rejected> {
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
