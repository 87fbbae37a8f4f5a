import type { JSX } from 'preact';
import type { Machine } from '../../../contract/machines/machine.ts';
import type { RouteInput } from '../../../contract/routes.ts';
import { useList } from '../../live/use-view.ts';
import { machineBody, machineOptions } from '../../models/machines/machine-form.ts';
import { otherThan, type Values } from '../../models/base/typed.ts';
import { FormDialog, type FormField } from '../../parts/form.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { ownParameterFields } from './bmc-form.ts';
import { moreFields, WithPowerTypes } from './create.tsx';

const TEXTS = EN.machineActions;
const { fields: F } = TEXTS;

/** Changes the descriptive fields of a machine: name, pool, zone, tags, BMC. Only changed fields are sent. */
export function SetMachine(props: {
  readonly machine: Machine;
  readonly etag: string | null;
  /** Both versions, where somebody was faster. */
  readonly changed: JSX.Element;
  readonly onClose: () => void;
}): JSX.Element {
  const { machine } = props;
  const racks = useList('rack.list', {}, { nouns: ['rack'] });
  const before: Values = {
    hostname: machine.hostname,
    domain: machine.domain,
    description: machine.description ?? '',
    pool: machine.pool ?? '',
    zone: machine.zone ?? '',
    rack: machine.rack ?? '',
    bootMedia: machine.bootMedia ?? '',
    dhcpOptions: (machine.dhcpOptions ?? []).join('\n'),
    tags: machine.tags.join(','),
    bmc: machine.bmc ?? '',
  };
  const fields: readonly FormField[] = [
    { name: 'hostname', label: F.hostname },
    { name: 'domain', label: F.domain, noun: 'domain' },
    { name: 'description', label: F.description, isOptional: true },
    { name: 'pool', label: F.pool, noun: 'resource-pool', isOptional: true },
    { name: 'zone', label: F.zone, noun: 'zone', isOptional: true },
    { name: 'tags', label: F.tags, noun: 'tag', separator: ',', isOptional: true },
    { name: 'bmc', label: F.bmc, noun: 'bmc', isOptional: true },
    ...moreFields(racks.view, false).map((field) => ({ ...field, isMore: true })),
  ];
  return (
    <WithPowerTypes title={`${TEXTS.set} ${machine.hostname}`} onClose={props.onClose}>
      {(types) => {
        const own = ownParameterFields(types, machine.powerParameters ?? {});
        const all = { ...before, ...Object.fromEntries(own.map(({ name, initial }) => [name, initial])) };
        const changed = (values: Values) => otherThan(values, all);
        return (
          <FormDialog
            title={`${TEXTS.set} ${machine.hostname}`}
            text={TEXTS.setText}
            id="machine.set"
            fields={[...fields, ...own].map((field) => ({ ...field, initial: all[field.name] ?? '' }))}
            input={(values) =>
              ({
                params: { machine: machine.id },
                body: machineBody(changed(values), values),
              }) as RouteInput<'machine.set'>
            }
            cli={(values) => `regent machine set ${machine.hostname}${machineOptions(changed(values), values)}`}
            ifMatch={props.etag}
            changed={props.changed}
            onClose={props.onClose}
          />
        );
      }}
    </WithPowerTypes>
  );
}
