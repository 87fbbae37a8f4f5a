import type { JSX } from 'preact';
import type { Machine } from '../../../contract/machine.ts';
import type { RouteInput } from '../../../contract/routes.ts';
import { useList } from '../../live/use-view.ts';
import { listOf, quoted } from '../../models/fleet/machine-verbs.ts';
import { dataOf } from '../../models/view.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { FormDialog, type FormField, type Values } from '../../parts/form.tsx';
import { EN } from '../../words/en.ts';

const WORDS = EN.machines.network;
const { fields: F } = WORDS;
type Nic = Machine['interfaces'][number];
/** As the site has them (model/machine.ts). */
const KINDS = ['physical', 'bond', 'bridge', 'vlan'] as const;

/** What is done with an interface. `nic` null: another one is made. */
export interface InterfaceAction {
  readonly nic: Nic | null;
  readonly isDelete: boolean;
}

interface DialogProps {
  readonly machine: Machine;
  readonly action: InterfaceAction;
  readonly onClose: () => void;
}

/** Makes, changes or deletes an interface. */
export function InterfaceDialog({ machine, action, onClose }: DialogProps): JSX.Element {
  const { nic, isDelete } = action;
  const name = machine.hostname;
  if (nic !== null && isDelete) {
    return (
      <ActionDialog
        title={`${WORDS.delete} ${nic.name}`}
        text={WORDS.deleteText(nic.name)}
        id="interface.delete"
        input={{ params: { machine: machine.id, interface: String(nic.id) } }}
        cli={`regent interface delete ${name} ${nic.name}`}
        confirm={nic.name}
        onClose={onClose}
      />
    );
  }
  return <InterfaceForm machine={machine} nic={nic} onClose={onClose} />;
}

function InterfaceForm(props: {
  readonly machine: Machine;
  readonly nic: Nic | null;
  readonly onClose: () => void;
}): JSX.Element {
  const { machine, nic } = props;
  const vlans = useList('vlan.list', {}, { nouns: ['vlan'] });
  const names = (dataOf(vlans.view) ?? []).map((vlan) => `${vlan.fabric}/${vlan.name}`);
  const before: Values = {
    kind: nic?.kind ?? 'physical',
    name: nic?.name ?? '',
    mac: nic?.mac ?? '',
    vlan: nic?.vlan ?? '',
    parents: (nic?.parents ?? []).join(', '),
    mtu: nic?.mtu === undefined ? '' : String(nic.mtu),
    tags: (nic?.tags ?? []).join(', '),
    addresses: nic?.addresses.map(({ address }) => address).join(', ') ?? '',
  };
  const fields: readonly FormField[] = [
    ...(nic === null
      ? [{ name: 'kind', label: F.kind, kind: 'choice' as const, choices: KINDS.map((one) => [one, one] as const) }]
      : []),
    { name: 'name', label: F.name, isOptional: true },
    { name: 'mac', label: F.mac, help: F.macHelp, isOptional: true },
    {
      name: 'vlan',
      label: F.vlan,
      kind: 'choice',
      isOptional: true,
      choices: [['', F.noVlan], ...names.map((one) => [one, one] as const)],
    },
    { name: 'parents', label: F.parents, help: F.listHelp, isOptional: true },
    { name: 'addresses', label: F.addresses, help: F.addressesHelp, isOptional: true },
    { name: 'mtu', label: F.mtu, kind: 'number', isOptional: true },
    { name: 'tags', label: F.tags, help: F.listHelp, isOptional: true },
  ];
  const changed = (values: Values) =>
    Object.fromEntries(Object.entries(values).filter(([name, value]) => name !== 'kind' && value !== before[name]));
  const shared = {
    fields: fields.map((field) => ({ ...field, initial: before[field.name] ?? '' })),
    onClose: props.onClose,
  };
  const host = machine.hostname;
  if (nic === null) {
    return (
      <FormDialog
        {...shared}
        title={`${WORDS.create}: ${host}`}
        id="interface.create"
        input={(values) =>
          ({
            params: { machine: machine.id },
            body: { kind: values['kind'], ...bodyOf(changed(values)) },
          }) as RouteInput<'interface.create'>
        }
        cli={(values) => `regent interface create ${host} --kind ${values['kind']}${optionsOf(changed(values))}`}
      />
    );
  }
  return (
    <FormDialog
      {...shared}
      title={`${WORDS.change} ${nic.name}`}
      text={EN.machineActions.setText}
      id="interface.set"
      input={(values) =>
        ({
          params: { machine: machine.id, interface: String(nic.id) },
          body: bodyOf(changed(values)),
        }) as RouteInput<'interface.set'>
      }
      cli={(values) => `regent interface set ${host} ${nic.name}${optionsOf(changed(values))}`}
    />
  );
}

/** What was changed, as calls take it. A number that is none is sent as it is: the site says what is wrong with it. */
function bodyOf({ parents, tags, addresses, mtu, vlan, ...rest }: Values): object {
  const octets = Number(mtu);
  return {
    ...rest,
    ...(vlan === undefined ? {} : { vlan: vlan === '' ? null : vlan }),
    ...(mtu === undefined ? {} : { mtu: mtu === '' ? null : Number.isFinite(octets) ? octets : mtu }),
    ...(parents === undefined ? {} : { parents: listOf(parents) }),
    ...(tags === undefined ? {} : { tags: listOf(tags) }),
    ...(addresses === undefined ? {} : { addresses: listOf(addresses).map((address) => ({ address })) }),
  };
}

const OPTIONS = [
  ['name', '--name'],
  ['mac', '--mac'],
  ['vlan', '--vlan'],
  ['parents', '--parents'],
  ['mtu', '--mtu'],
  ['tags', '--tags'],
] as const;

function optionsOf(values: Values): string {
  const plain = OPTIONS.flatMap(([name, option]) => {
    const value = values[name]?.replaceAll(/,\s+/g, ',');
    return value ? [` ${option} ${quoted(value)}`] : [];
  });
  return [...plain, ...listOf(values['addresses'] ?? '').map((address) => ` --address ${quoted(address)}`)].join('');
}
