import type { JSX } from 'preact';
import type { RouteInput } from '../../../contract/routes.ts';
import type { Rack } from '../../../contract/cluster/rack.ts';
import { useList } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { BOOT_MEDIA, machineBody, machineOptions } from '../../models/machines/machine-form.ts';
import { pairsOf, quoted } from '../../models/base/command-text.ts';
import { otherThan } from '../../models/base/typed.ts';
import { dataOf, mapView, type View } from '../../models/base/view.ts';
import { FormDialog, type FormField } from '../../parts/form.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.machineActions;
const { fields: F } = TEXTS;
/** As the site has them (model/machines/power.ts). */
const POWER_TYPES = ['ipmi', 'redfish', 'virsh', 'webhook', 'manual'] as const;

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
  const domains = useList('domain.list', {}, { nouns: ['domain'] });
  const bmcs = useList('bmc.list', {}, { nouns: ['bmc'] });
  const pools = useList('resource-pool.list', {}, { nouns: ['resource-pool'] });
  const racks = useList('rack.list', {}, { nouns: ['rack'] });
  const zones = useList('zone.list', {}, { nouns: ['zone'] });
  const fields: readonly FormField[] = [
    { name: 'hostname', label: F.hostname },
    { name: 'interfaces', label: F.mac, help: F.macHelp },
    {
      name: 'domain',
      label: F.domain,
      kind: 'choice',
      isOptional: true,
      choices: choiceOf(F.usualDomain, domains.view),
    },
    { name: 'bmc', label: F.bmc, kind: 'choice', isOptional: true, choices: choiceOf(F.noBmc, bmcs.view) },
    { name: 'powerParameters', label: F.powerParameters, kind: 'area', help: F.powerParametersHelp, isOptional: true },
    { name: 'pool', label: F.pool, kind: 'choice', isOptional: true, choices: choiceOf(F.usualDomain, pools.view) },
    { name: 'zone', label: F.zone, kind: 'choice', isOptional: true, choices: choiceOf(F.usualDomain, zones.view) },
    { name: 'tags', label: F.tags, help: F.listHelp, isOptional: true },
    { name: 'description', label: F.description, isOptional: true },
    ...moreFields(racks.view, true),
  ];
  return (
    <FormDialog
      title={TEXTS.create}
      text={TEXTS.createText}
      id="machine.create"
      fields={fields}
      input={(values) => ({ body: machineBody(otherThan(values, {})) }) as RouteInput<'machine.create'>}
      cli={({ hostname, ...values }) => {
        const options = machineOptions(otherThan({ ...values, interfaces: values['interfaces'] || 'MAC' }, {}));
        return `regent machine create ${quoted(hostname || 'NAME')}${options}`;
      }}
      done={(machine) => <a href={linkTo(['machines', machine.id])}>{machine.fqdn}</a>}
      onClose={onClose}
    />
  );
}

/** Creates a BMC. */
export function CreateBmc({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
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
          choices: POWER_TYPES.map((type) => [type, type] as const),
        },
        { name: 'parameters', label: F.parameters, kind: 'area', help: F.parametersHelp, isOptional: true },
      ]}
      input={(values) =>
        ({
          body: {
            name: values['name'] ?? '',
            powerType: values['powerType'] ?? '',
            ...(values['parameters'] ? { parameters: pairsOf(values['parameters']) } : {}),
          },
        }) as RouteInput<'bmc.create'>
      }
      // A secret is in no line that one copies.
      cli={(values) =>
        `regent bmc create ${quoted(values['name'] || 'NAME')} --power-type ${values['powerType'] || 'TYPE'}${values['parameters'] ? ' --parameters @bmc.json' : ''}`
      }
      onClose={onClose}
    />
  );
}
