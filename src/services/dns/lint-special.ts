import { isRejected } from '../../core/errors.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { checkSpecialName } from '../../model/special/special-use.ts';
import { parseSubnetCidr } from '../../model/subnet.ts';
import type { Finding } from '../kit/contract.ts';

/** Subnets and domains from before today's law that have a special purpose: they are served as they are, and told. */
export function lintSpecialUse(snapshot: Snapshot): readonly Finding[] {
  const subnets = snapshot.subnets.flatMap(({ name, cidr }) => {
    const refusal = parseSubnetCidr(cidr);
    return isRejected(refusal) ? [warning('special_network', `subnet ${name}`, refusal.message)] : [];
  });
  const domains = snapshot.domains.flatMap(({ name }) => {
    const refusal = checkSpecialName(name);
    return refusal ? [warning('special_name', `domain ${name}`, refusal.message)] : [];
  });
  return [...subnets, ...domains];
}

function warning(code: string, subject: string, why: string): Finding {
  return { code, severity: 'warning', subject, sentence: `${subject}: ${why} Replace it.` };
}
