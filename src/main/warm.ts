/**
 * Loads what our daemons and this host's commands are made of and ends, so that Node writes its compile cache (NODE_COMPILE_CACHE) before they
 * run: `scripts/release` and `scripts/install` call it, where they are bundles.
 */
const PROGRAMS = [
  ...['regiond', 'agent', 'helper', 'host-cli'].map((name) => `dist/${name}.mjs`),
  // Nothing of ours may lean on them, so they are named by their places.
  ...[
    'keeper/keeper.ts',
    'etcd/way.ts',
    'backup/backup.ts',
    'dhcp/pairs.ts',
    'dhcp/votes.ts',
    'vip/health.ts',
    'epoch/guard.ts',
  ].map((path) => `ha/${path}`),
];
for (const program of PROGRAMS) await import(new URL(`../../${program}`, import.meta.url).href);
