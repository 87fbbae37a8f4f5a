import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Vlan, VlanSet } from '../../../../contract/networks/vlan.ts';
import { useMay } from '../../../live/use-may.ts';
import { swappedRacks } from '../../../models/networks/networks.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { Versions } from '../../../parts/with-current.tsx';
import { NounButtons } from '../../base/catalog/noun-buttons.tsx';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.networks.vlans.actions;
type VlanAction = 'on' | 'off' | 'swap';

/** What one can do with a VLAN. `etag`: of what is shown; a change of what is not that any more is refused. */
export function VlanActions(props: {
  readonly name: string;
  readonly vlan: Vlan;
  readonly etag: string | null;
}): JSX.Element | null {
  const may = useMay();
  // As it was when the dialog opened: what the operator agreed to.
  const [open, setOpen] = useState<{
    action: VlanAction;
    name: string;
    body: VlanSet;
    etag: string | null;
    before: Vlan;
  } | null>(null);
  const { name, vlan, etag } = props;
  const swapped = swappedRacks(vlan);
  const actions: readonly (readonly [VlanAction, VlanSet])[] = [
    vlan.dhcpOn ? (['off', { dhcpOn: false }] as const) : (['on', { dhcpOn: true }] as const),
    ...(swapped === null ? [] : [['swap', swapped] as const]),
  ];
  if (!may.operate) return null;
  return (
    <>
      {actions.map(([action, body]) => (
        <button key={action} type="button" onClick={() => setOpen({ action, name, body, etag, before: vlan })}>
          {TEXTS[action]}
        </button>
      ))}
      <NounButtons noun="vlan" name={name} />
      {open !== null && (
        <ActionDialog
          title={`${TEXTS[open.action]}: ${open.name}`}
          text={TEXTS[`${open.action}Text`](open.name)}
          id="vlan.set"
          input={{ params: { vlan: open.name }, body: open.body }}
          cli={cliOf(open.name, open.body)}
          ifMatch={open.etag}
          changed={
            <Versions id="vlan.show" input={{ params: { vlan: `id:${open.before.id}` } }} before={open.before} />
          }
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

function cliOf(name: string, body: VlanSet): string {
  if (body.dhcpOn !== undefined) return `regent vlan set ${name} --dhcp ${body.dhcpOn ? 'on' : 'off'}`;
  return `regent vlan set ${name} --primary-rack ${body.primaryRack} --secondary-rack ${body.secondaryRack}`;
}
