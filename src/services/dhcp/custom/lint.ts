import type { PartList } from '../../kit/contract.ts';
import { memberText } from '../../kit/parts.ts';

/** An option that does not fit is left out alone; a snippet keeps its last content. */
export function customParts(): PartList[] {
  const list = (path: string, remedy: string): PartList => ({ path, name: nameOf, remedy });
  return [
    {
      path: 'snippets/*',
      name: (snippet) => `snippet ${memberText(snippet, 'name')}`,
      remedy: 'Change the snippet, or switch it off: regent dhcp-snippet list.',
      key: 'id',
    },
    list('options/*', 'Change the setting dhcp_options: regent setting get dhcp_options.'),
    list('networks/*/subnets/*/options/*', 'Change the options of the subnet: regent subnet show.'),
    list(
      'networks/*/subnets/*/leases/*/options/*',
      'Change the options of the machine (regent machine show) or of the reservation (regent reservation show).',
    ),
  ];
}

function nameOf(option: unknown): string {
  const name = memberText(option, 'name');
  const code = memberText(option, 'code');
  if (code === '0') return `DHCP option ${memberText(option, 'data').slice(0, 64)}`;
  return name === 'without a name' ? `DHCP option ${code}` : `DHCP option ${name}`;
}
