import type { JSX } from 'preact';
import type { Machine } from '../../../contract/machines/machine.ts';
import type { RouteInput } from '../../../contract/routes.ts';
import { useList } from '../../live/use-view.ts';
import {
  BOND_MODES,
  changedOf,
  HASH_POLICIES,
  interfaceBody,
  interfaceOptions,
  isApplicable,
  KINDS,
  LACP_RATES,
  type Nic,
  valuesOf,
} from '../../models/machines/interface-form.ts';
import { dataOf } from '../../models/base/view.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { FormDialog, type FormField } from '../../parts/form.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.machines.network;
const { fields: F } = TEXTS;

/** What is done with an interface. `nic` null: another one is made. */
export type InterfaceAction = { readonly nic: Nic | null; readonly isDelete: boolean };

type DialogProps = { readonly machine: Machine; readonly action: InterfaceAction; readonly onClose: () => void };

/** Makes, changes or deletes an interface. */
export function InterfaceDialog({ machine, action, onClose }: DialogProps): JSX.Element {
  const { nic, isDelete } = action;
  const name = machine.hostname;
  if (nic !== null && isDelete)
    return (
      <ActionDialog
        title={`${TEXTS.delete} ${nic.name}`}
        text={TEXTS.deleteText(nic.name)}
        id="interface.delete"
        input={{ params: { machine: machine.id, interface: String(nic.id) } }}
        cli={`regent interface delete ${name} ${nic.name}`}
        confirm={nic.name}
        onClose={onClose}
      />
    );
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
  const before = valuesOf(nic);
  const fields = fieldsOf(nic, names).map((field): FormField => {
    return {
      ...field,
      initial: before[field.name] ?? '',
      isShown: (values) => isApplicable(field.name, { kind: before['kind'] ?? '', ...values }),
    };
  });
  const changed = (values: Readonly<Record<string, string>>) =>
    changedOf({ kind: before['kind'] ?? '', ...values }, before);
  const shared = { fields, onClose: props.onClose };
  const host = machine.hostname;
  if (nic === null)
    return (
      <FormDialog
        {...shared}
        title={`${TEXTS.create}: ${host}`}
        id="interface.create"
        input={(values) =>
          ({
            params: { machine: machine.id },
            body: { kind: values['kind'], ...interfaceBody(changed(values)) },
          }) as RouteInput<'interface.create'>
        }
        cli={(values) => `regent interface create ${host} --kind ${values['kind']}${interfaceOptions(changed(values))}`}
      />
    );
  return (
    <FormDialog
      {...shared}
      title={`${TEXTS.change} ${nic.name}`}
      text={EN.machineActions.setText}
      id="interface.set"
      input={(values) =>
        ({
          params: { machine: machine.id, interface: String(nic.id) },
          body: interfaceBody(changed(values)),
        }) as RouteInput<'interface.set'>
      }
      cli={(values) => `regent interface set ${host} ${nic.name}${interfaceOptions(changed(values))}`}
    />
  );
}

const choicesOf = (values: readonly string[]) => values.map((value) => [value, value] as const);

/** Fields of an interface of any kind; each stands there while its kind has it. */
function fieldsOf(nic: Nic | null, vlans: readonly string[]): readonly FormField[] {
  const isOptional = true;
  // Where nothing is chosen yet the site takes what is usual; what a bond or a bridge has stays.
  const choices = (values: readonly string[]) => [
    ...(nic === null ? [['', F.byDefault] as const] : []),
    ...choicesOf(values),
  ];
  return [
    ...(nic === null ? [{ name: 'kind', label: F.kind, kind: 'choice' as const, choices: choicesOf(KINDS) }] : []),
    { name: 'name', label: F.name, isOptional },
    { name: 'mac', label: F.mac, help: F.macHelp, isOptional },
    { name: 'vlan', label: F.vlan, kind: 'choice', isOptional, choices: [['', F.noVlan], ...choicesOf(vlans)] },
    { name: 'parents', label: F.parents, help: F.listHelp, isOptional },
    { name: 'bond/mode', label: F.mode, kind: 'choice', isOptional, choices: choices(BOND_MODES) },
    { name: 'bond/lacpRate', label: F.lacpRate, kind: 'choice', isOptional, choices: choices(LACP_RATES) },
    {
      name: 'bond/hashPolicy',
      label: F.hashPolicy,
      help: F.hashPolicyHelp,
      kind: 'choice',
      isOptional,
      choices: choices(HASH_POLICIES),
    },
    { name: 'bond/miimon', label: F.miimon, help: F.miimonHelp, kind: 'number', isOptional },
    { name: 'bond/downDelay', label: F.downDelay, help: F.downDelayHelp, kind: 'number', isOptional },
    { name: 'bond/upDelay', label: F.upDelay, help: F.upDelayHelp, kind: 'number', isOptional },
    { name: 'bond/gratuitousArps', label: F.gratuitousArps, help: F.gratuitousArpsHelp, kind: 'number', isOptional },
    { name: 'bridge/stp', label: F.stp, kind: 'choice', isOptional, choices: choices(['on', 'off']) },
    { name: 'bridge/forwardDelay', label: F.forwardDelay, help: F.forwardDelayHelp, kind: 'number', isOptional },
    { name: 'addresses', label: F.addresses, help: F.addressesHelp, kind: 'area', isOptional },
    { name: 'mtu', label: F.mtu, kind: 'number', isOptional },
    { name: 'tags', label: F.tags, help: F.listHelp, isOptional },
  ];
}
