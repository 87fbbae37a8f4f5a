import type { Machine } from '../../../../contract/machines/machine.ts';
import { json } from '../../answer.ts';
import type { MaasCall } from '../../handler.ts';
import { showMachine } from '../../objects/machines/machines.ts';
import { type Site, step } from '../../site.ts';
import { placeOf } from './hosts.ts';
import { MAC } from './node-filters.ts';
import { planPower, readPower } from './power.ts';
import { runOf } from './allocation-request.ts';
import { domainIn, domainName, nameOf } from '../names/host-names.ts';

/** The machine that enlisted itself with one of these cards, and that nobody has taken in yet: it has no BMC. */
export async function enlistedWith(site: Site, macs: readonly string[]): Promise<Machine | null> {
  for (const mac of macs) {
    const [found] = MAC.test(mac) ? await site.all('machine.list', { mac }) : [];
    if (found !== undefined) return found.state === 'new' && found.bmc === undefined && !found.busy ? found : null;
  }
  return null;
}

/** A tool makes a machine that is there already, because it enlisted itself: it gets what the tool says of it. */
export async function adoptMachine(
  { site, lists, args }: Pick<MaasCall, 'site' | 'lists' | 'args'>,
  { id, ...own }: Machine,
) {
  const hostname = args.text('hostname') || own.hostname;
  const powerRequest = readPower(args);
  const power = await planPower(lists, hostname, { id, ...own }, powerRequest);
  const domain = args.text('domain') || domainIn(hostname);
  const known = own.interfaces.map(({ mac }) => mac);
  const fresh = args.list('mac_addresses').filter((mac) => !known.includes(mac.replaceAll('-', ':').toLowerCase()));
  const body = {
    ...placeOf(args),
    ...power.fields,
    hostname: nameOf(hostname),
    domain: domain === undefined ? undefined : await domainName(lists, domain),
  };
  const isCommissioned = args.flag('commission') ?? Boolean(powerRequest.type);
  await site.together([
    ...power.steps,
    step('machine.set', { params: { machine: id }, body }),
    ...fresh.map((mac) => step('interface.create', { params: { machine: id }, body: { kind: 'physical', mac } })),
    ...(isCommissioned
      ? [step('machine.commission', { params: { machine: id }, body: runOf(args, 'commissioning_scripts') })]
      : []),
  ]);
  return json(await showMachine(site, await site.call('machine.show', { params: { machine: id } })));
}
