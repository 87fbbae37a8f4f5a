/**
 * Loads what our daemons and this host's commands are made of and ends, so that Node writes its compile cache (NODE_COMPILE_CACHE) before they
 * run: `scripts/install` calls it. Without the cache each process keeps the compiler of TypeScript's types in memory.
 */
await Promise.all([import('./regiond.ts'), import('./agent.ts'), import('./helper.ts'), import('./host-cli.ts')]);
// Nothing of ours may lean on it, so it is named by its place.
for (const program of ['keeper/keeper.ts', 'etcd/way.ts', 'dhcp/pairs.ts', 'dhcp/votes.ts'])
  await import(new URL(`../../ha/${program}`, import.meta.url).href);
