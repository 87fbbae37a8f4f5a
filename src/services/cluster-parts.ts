import { Compile } from 'typebox/compile';
import { DbDesired } from './db/desired.ts';
import { DcsDesired } from './dcs/desired.ts';
import { FirewallDesired } from './firewall/desired.ts';
import { VipDesired } from './vip/desired.ts';

const [dcs, db, vip, firewall] = [
  Compile(DcsDesired),
  Compile(DbDesired),
  Compile(VipDesired),
  Compile(FirewallDesired),
];

/** The parts of a region node's desired state that say who belongs to the cluster; null: there is no such part, or it is of another shape. */
export interface ClusterParts {
  readonly dcs: DcsDesired | null;
  readonly db: DbDesired | null;
  readonly vip: VipDesired | null;
  readonly firewall: FirewallDesired | null;
}

/** Reads the parts of the cluster from a desired state. `services`: by name. */
export function readClusterParts(services: Readonly<Record<string, { readonly desired: unknown }>>): ClusterParts {
  const partOf = (name: string): unknown => services[name]?.desired ?? null;
  const parts = { dcs: partOf('dcs'), db: partOf('db'), vip: partOf('vip'), firewall: partOf('firewall') };
  return {
    dcs: dcs.Check(parts.dcs) ? parts.dcs : null,
    db: db.Check(parts.db) ? parts.db : null,
    vip: vip.Check(parts.vip) ? parts.vip : null,
    firewall: firewall.Check(parts.firewall) ? parts.firewall : null,
  };
}
