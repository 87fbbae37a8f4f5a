import { backup } from './backup/index.ts';
import { db } from './db/index.ts';
import { dcs } from './dcs/index.ts';
import { dhcp } from './dhcp/index.ts';
import { dns } from './dns/index.ts';
import { firewall } from './firewall/index.ts';
import type { AnyService } from './kit/contract.ts';
import { http } from './http/index.ts';
import { lb } from './lb/index.ts';
import { ntp } from './ntp/index.ts';
import { pairs } from './pairs/index.ts';
import { proxy } from './proxy/index.ts';
import { tftp } from './tftp/index.ts';
import { tgt } from './tgt/index.ts';
import { vip } from './vip/index.ts';
import { votes } from './votes/index.ts';

/** Every managed service, in the order in which a node applies them. Adding one is one line here. */
export const SERVICES: readonly AnyService[] = [
  firewall,
  dcs,
  db,
  lb,
  vip,
  dns,
  ntp,
  votes,
  pairs,
  tftp,
  http,
  tgt,
  dhcp,
  proxy,
  backup,
];
