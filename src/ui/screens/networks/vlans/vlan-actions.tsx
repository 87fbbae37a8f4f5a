import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Vlan, VlanSet } from '../../../../contract/networks/vlan.ts';
import { useMay } from '../../../live/use-may.ts';
import { swappedRacks } from '../../../models/networks/networks.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { WithCurrent } from '../../../parts/with-current.tsx';
import { NounButtons } from '../../base/catalog/noun-buttons.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.networks.vlans.actions;
type VlanAction = 'on' | 'off' | 'swap';

/** What one can do with a VLAN. */
export function VlanActions(props: { readonly name: string; readonly vlan: Vlan }): JSX.Element | null {
  const may = useMay();
  const [open, setOpen] = useState<{ action: VlanAction; name: string; id: number } | null>(null);
  const { name, vlan } = props;
  const actions: readonly VlanAction[] = [
    vlan.dhcpOn ? 'off' : 'on',
    ...(swappedRacks(vlan) === null ? [] : (['swap'] as const)),
  ];
  if (!may.operate) return null;
  return (
    <>
      {actions.map((action) => (
        <button key={action} type="button" onClick={() => setOpen({ action, name, id: vlan.id })}>
          {TEXTS[action]}
        </button>
      ))}
      <NounButtons noun="vlan" name={name} />
      {open !== null && (
        <WithCurrent
          id="vlan.show"
          input={{ params: { vlan: `id:${open.id}` } }}
          title={`${TEXTS[open.action]}: ${open.name}`}
          onClose={() => setOpen(null)}
        >
          {({ body: current, etag }, changed) => (
            <ActionDialog
              title={`${TEXTS[open.action]}: ${open.name}`}
              text={TEXTS[`${open.action}Text`](open.name)}
              id="vlan.set"
              input={{ params: { vlan: open.name }, body: bodyOf(open.action, current) }}
              cli={cliOf(open.name, bodyOf(open.action, current))}
              ifMatch={etag}
              changed={changed}
              onClose={() => setOpen(null)}
            />
          )}
        </WithCurrent>
      )}
    </>
  );
}

/** What an action sends. Racks that are gone meanwhile are not swapped: then the preview shows no change. */
function bodyOf(action: VlanAction, vlan: Vlan): VlanSet {
  if (action === 'swap') return swappedRacks(vlan) ?? {};
  return { dhcpOn: action === 'on' };
}

function cliOf(name: string, body: VlanSet): string {
  if (body.dhcpOn !== undefined) return `regent vlan set ${name} --dhcp ${body.dhcpOn ? 'on' : 'off'}`;
  return `regent vlan set ${name} --primary-rack ${body.primaryRack} --secondary-rack ${body.secondaryRack}`;
}
