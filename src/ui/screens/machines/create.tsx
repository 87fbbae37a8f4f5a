import type { JSX } from 'preact';
import type { RouteInput } from '../../../contract/routes.ts';
import type { Rack } from '../../../contract/cluster/rack.ts';
import type { PowerTypeShown } from '../../../contract/machines/machine-power.ts';
import { useList, useView } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { BOOT_MEDIA, machineBody, machineOptions } from '../../models/machines/machine-form.ts';
import { ownParameterFields, parameterFields, parametersOf } from './bmc-form.ts';
import { quoted } from '../../models/base/command-text.ts';
import { otherThan } from '../../models/base/typed.ts';
import { dataOf, mapView, type View } from '../../models/base/view.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Shown } from '../../parts/page.tsx';
import { FormDialog, type FormField } from '../../parts/form.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.machineActions;
const { fields: F } = TEXTS;

/** A choice of names that the site has; the first one stands for none of them. */
export const choiceOf = (
  none: string,
  view: View<readonly { readonly name: string }[]>,
): readonly (readonly [string, string])[] => [
  ['', none],
  ...(dataOf(view) ?? []).map(({ name }) => [name, name] as const),
];

/**
 * Fields of a machine that few need: its rack, how it boots, its DHCP options. If they are left empty, the site
 * chooses.
 */
export const moreFields = (racks: View<readonly Rack[]>, isNew: boolean): readonly FormField[] => [
  {
    name: 'rack',
    label: F.rack,
    kind: 'choice',
    isOptional: true,
    choices: choiceOf(
      F.master,
      mapView(racks, (rows) => rows.filter(({ state }) => state === 'accepted')),
    ),
  },
  {
    name: 'bootMedia',
    label: F.bootMedia,
    help: F.bootMediaHelp,
    kind: 'choice',
    isOptional: true,
    choices: [...(isNew ? [['', F.usualMedia] as const] : []), ...BOOT_MEDIA.map((media) => [media, media] as const)],
  },
  { name: 'dhcpOptions', label: F.dhcpOptions, kind: 'area', help: F.dhcpOptionsHelp, isOptional: true },
];

/** Creates a machine. */
export function CreateMachine({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const racks = useList('rack.list', {}, { nouns: ['rack'] });
  const fields: readonly FormField[] = [
    { name: 'hostname', label: F.hostname },
    { name: 'interfaces', label: F.mac, help: F.macHelp },
    { name: 'domain', label: F.domain, noun: 'domain', isOptional: true },
    { name: 'bmc', label: F.bmc, noun: 'bmc', isOptional: true },
    { name: 'pool', label: F.pool, noun: 'resource-pool', isOptional: true },
    { name: 'zone', label: F.zone, noun: 'zone', isOptional: true },
    { name: 'tags', label: F.tags, noun: 'tag', separator: ',', isOptional: true, isMore: true },
    { name: 'description', label: F.description, isOptional: true, isMore: true },
    ...moreFields(racks.view, true).map((field) => ({ ...field, isMore: true })),
  ];
  return (
    <WithPowerTypes title={TEXTS.create} onClose={onClose}>
      {(types) => (
        <FormDialog
          title={TEXTS.create}
          text={TEXTS.createText}
          id="machine.create"
          fields={[...fields, ...ownParameterFields(types, {})]}
          input={(values) => ({ body: machineBody(otherThan(values, {})) }) as RouteInput<'machine.create'>}
          cli={({ hostname, ...values }) => {
            const options = machineOptions(otherThan({ ...values, interfaces: values['interfaces'] || 'MAC' }, {}));
            return `regent machine create ${quoted(hostname || 'NAME')}${options}`;
          }}
          done={(machine) => <a href={linkTo(['machines', machine.id])}>{machine.fqdn}</a>}
          onClose={onClose}
        />
      )}
    </WithPowerTypes>
  );
}

/** Creates a BMC. */
export function CreateBmc({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <WithPowerTypes title={TEXTS.createBmc} onClose={onClose}>
      {(types) => (
        <FormDialog
          title={TEXTS.createBmc}
          text={TEXTS.createBmcText}
          id="bmc.create"
          fields={[
            { name: 'name', label: F.name },
            {
              name: 'powerType',
              label: F.powerType,
              kind: 'choice',
              choices: types.map(({ name }) => [name, name] as const),
            },
            ...parameterFields(types, {}),
          ]}
          input={(values) => {
            const parameters = parametersOf(types, values);
            const { name = '', powerType = '' } = values;
            return {
              body: { name, powerType, ...(Object.keys(parameters).length === 0 ? {} : { parameters }) },
            } as RouteInput<'bmc.create'>;
          }}
          // A secret is in no line that one copies.
          cli={(values) =>
            `regent bmc create ${quoted(values['name'] || 'NAME')} --power-type ${values['powerType'] || 'TYPE'}${Object.keys(parametersOf(types, values)).length > 0 ? ' --parameters @bmc.json' : ''}`
          }
          onClose={onClose}
        />
      )}
    </WithPowerTypes>
  );
}

/** Reads which parameters each power type has, then shows the form. */
export function WithPowerTypes(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: (types: readonly PowerTypeShown[]) => JSX.Element;
}): JSX.Element {
  const found = useView('power-type.list', {}, { nouns: [] });
  const types = dataOf(found.view);
  if (types !== null) return props.children(types.items);
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <Shown view={found.view}>{() => null}</Shown>
    </Dialog>
  );
}
