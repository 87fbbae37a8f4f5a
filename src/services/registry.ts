import { dhcp } from './dhcp/index.ts';
import { dns } from './dns/index.ts';
import type { AnyService } from './kit/contract.ts';
import { ntp } from './ntp/index.ts';
import { proxy } from './proxy/index.ts';

/** Every managed service, in the order in which a node applies them. Adding one is one line here. */
export const SERVICES: readonly AnyService[] = [dns, ntp, dhcp, proxy];
