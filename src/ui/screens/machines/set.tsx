import type { JSX } from 'preact';
import type { Machine } from '../../../contract/machines/machine.ts';
import type { RouteInput } from '../../../contract/routes.ts';
import { useList } from '../../live/use-view.ts';
import { machineBody, machineOptions } from '../../models/machines/machine-form.ts';
import { pairsText } from '../../models/base/command-text.ts';
import { otherThan, type Values } from '../../models/base/typed.ts';
import { FormDialog, type FormField } from '../../parts/form.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { choiceOf, moreFields } from './create.tsx';

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
  const bmcs = useList('bmc.list', {}, { nouns: ['bmc'] });
  const pools = useList('resource-pool.list', {}, { nouns: ['resource-pool'] });
  const zones = useList('zone.list', {}, { nouns: ['zone'] });
  const racks = useList('rack.list', {}, { nouns: ['rack'] });
  const domains = useList('domain.list', {}, { nouns: ['domain'] });
  const before: Values = {
    hostname: machine.hostname,
    domain: machine.domain,
    description: machine.description ?? '',
    pool: machine.pool ?? '',
    zone: machine.zone ?? '',
    rack: machine.rack ?? '',
    bootMedia: machine.bootMedia ?? '',
    dhcpOptions: (machine.dhcpOptions ?? []).join('\n'),
    tags: machine.tags.join(', '),
    bmc: machine.bmc ?? '',
    powerParameters: pairsText(machine.powerParameters ?? {}),
  };
  const fields: readonly FormField[] = [
    { name: 'hostname', label: F.hostname },
    { name: 'domain', label: F.domain, kind: 'choice', choices: choiceOf('', domains.view).slice(1) },
    { name: 'description', label: F.description, isOptional: true },
    { name: 'pool', label: F.pool, kind: 'choice', isOptional: true, choices: choiceOf('–', pools.view) },
    { name: 'zone', label: F.zone, kind: 'choice', isOptional: true, choices: choiceOf('–', zones.view) },
    { name: 'tags', label: F.tags, help: F.tagsHelp, isOptional: true },
    { name: 'bmc', label: F.bmc, kind: 'choice', isOptional: true, choices: choiceOf(F.noBmc, bmcs.view) },
    ...moreFields(racks.view, false),
    { name: 'powerParameters', label: F.powerParameters, kind: 'area', help: F.powerParametersHelp, isOptional: true },
  ];
  const changed = (values: Values) => otherThan(values, before);
  return (
    <FormDialog
      title={`${TEXTS.set} ${machine.hostname}`}
      text={TEXTS.setText}
      id="machine.set"
      fields={fields.map((field) => ({ ...field, initial: before[field.name] ?? '' }))}
      input={(values) =>
        ({ params: { machine: machine.id }, body: machineBody(changed(values)) }) as RouteInput<'machine.set'>
      }
      cli={(values) => `regent machine set ${machine.hostname}${machineOptions(changed(values))}`}
      ifMatch={props.etag}
      changed={props.changed}
      onClose={props.onClose}
    />
  );
}
