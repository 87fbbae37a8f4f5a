import type { JSX } from 'preact';
import type { RouteInput } from '../../../contract/routes.ts';
import { useList } from '../../live/use-view.ts';
import { linkTo } from '../../models/address.ts';
import { listOf, pairsOf, quoted } from '../../models/fleet/machine-verbs.ts';
import { dataOf, type View } from '../../models/view.ts';
import { FormDialog, type FormField, given, type Values } from '../../parts/form.tsx';
import { EN } from '../../words/en.ts';

const WORDS = EN.machineActions;
const { fields: F } = WORDS;
/** As the site has them (model/nouns/power.ts). */
const POWER_TYPES = ['ipmi', 'redfish', 'virsh', 'webhook', 'manual'] as const;

/** A choice of names that the site has; the first one stands for none of them. */
export const choiceOf = (
  none: string,
  view: View<readonly { readonly name: string }[]>,
): readonly (readonly [string, string])[] => [
  ['', none],
  ...(dataOf(view) ?? []).map(({ name }) => [name, name] as const),
];

/** Options of a command line from what was typed. */
export const optionsOf = (values: Values, names: readonly (readonly [string, string])[]): string =>
  names.flatMap(([name, option]) => (values[name] ? [` ${option} ${quoted(values[name])}`] : [])).join('');

/** Makes a machine known. */
export function CreateMachine({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const domains = useList('domain.list', {}, { nouns: ['domain'] });
  const bmcs = useList('bmc.list', {}, { nouns: ['bmc'] });
  const pools = useList('resource-pool.list', {}, { nouns: ['resource-pool'] });
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
  ];
  return (
    <FormDialog
      title={WORDS.create}
      text={WORDS.createText}
      id="machine.create"
      fields={fields}
      input={(values): RouteInput<'machine.create'> => ({
        body: {
          hostname: values['hostname'] ?? '',
          interfaces: listOf(values['interfaces'] ?? '').map((mac) => ({ mac })),
          ...given(values, 'domain'),
          ...given(values, 'bmc'),
          ...given(values, 'pool'),
          ...given(values, 'zone'),
          ...(values['powerParameters'] ? { powerParameters: pairsOf(values['powerParameters']) } : {}),
        },
      })}
      cli={(values) =>
        `regent machine create ${quoted(values['hostname'] || 'NAME')} --mac ${quoted(listOf(values['interfaces'] ?? '')[0] ?? 'MAC')}${optionsOf(
          values,
          [
            ['domain', '--domain'],
            ['bmc', '--bmc'],
            ['pool', '--pool'],
            ['zone', '--zone'],
          ],
        )}`
      }
      done={(machine) => <a href={linkTo(['machines', machine.id])}>{machine.fqdn}</a>}
      onClose={onClose}
    />
  );
}

/** Makes a BMC known. */
export function CreateBmc({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <FormDialog
      title={WORDS.createBmc}
      text={WORDS.createBmcText}
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
