import type { PowerTypeShown } from '../../../../contract/machines/machine-power.ts';
import { json } from '../../answer.ts';
import type { Handlers } from '../../handler.ts';

/** Names of power types for people. */
const DESCRIPTIONS: Readonly<Record<PowerTypeShown['name'], string>> = {
  ipmi: 'IPMI',
  redfish: 'Redfish',
  virsh: 'Virsh (virtual systems)',
  webhook: 'Webhook',
  manual: 'Manual',
};
const FIELD_TYPES = { text: 'string', password: 'password', choice: 'choice', several: 'multiple_choice' } as const;

/** The types of power control. */
export const POWER_TYPE_HANDLERS: Handlers = {
  'RackControllers.describe_power_types': async ({ site }) =>
    json((await site.call('power-type.list', {})).items.map(view)),
};

function view({ name, parameters }: PowerTypeShown) {
  return {
    driver_type: 'power',
    name,
    description: DESCRIPTIONS[name],
    chassis: false,
    can_probe: false,
    missing_packages: [],
    queryable: name !== 'manual',
    fields: parameters.map((one) => ({
      name: one.name,
      label: one.label,
      field_type: FIELD_TYPES[one.kind],
      required: one.required,
      choices: one.choices.map(({ value, label }) => [value, label]),
      default: one.default ?? '',
      scope: one.scope === 'machine' ? 'node' : 'bmc',
      secret: one.secret,
    })),
  };
}
