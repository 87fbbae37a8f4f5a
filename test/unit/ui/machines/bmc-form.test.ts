import { describe, expect, it } from 'vitest';
import type { PowerTypeShown } from '../../../../src/contract/machines/machine-power.ts';
import { ownParameterFields, parameterFields, parametersOf } from '../../../../src/ui/screens/machines/bmc-form.ts';

const own = { scope: 'bmc' as const, required: false, secret: false, choices: [], default: null };
const TYPES: readonly PowerTypeShown[] = [
  {
    name: 'ipmi',
    parameters: [
      { ...own, name: 'power_address', label: 'IP address', kind: 'text', required: true },
      { ...own, name: 'power_pass', label: 'Power password', kind: 'password', secret: true },
      { ...own, name: 'flags', label: 'Workarounds', kind: 'several', choices: [{ value: 'a', label: 'A' }] },
      { ...own, name: 'power_id', label: 'ID', kind: 'text', scope: 'machine' },
    ],
  },
  { name: 'manual', parameters: [] },
];

it('a machine has a field for each parameter of its own, once, whatever types have it', () => {
  const virsh = {
    name: 'virsh' as const,
    parameters: [{ ...own, name: 'power_id', label: 'ID', kind: 'text' as const, scope: 'machine' as const }],
  };
  expect(ownParameterFields([...TYPES, virsh], { power_id: 'm1' })).toEqual([
    {
      name: 'powerParameters/power_id',
      label: 'ID',
      kind: 'text',
      help: 'of its own at a BMC of type ipmi, virsh',
      initial: 'm1',
      isOptional: true,
      isMore: true,
    },
  ]);
});

describe('the form of a BMC', () => {
  it('has a field for each parameter of the chosen power type, and hides its password', () => {
    const fields = parameterFields(TYPES, { power_address: '192.0.2.9' });
    expect(fields.map(({ name, kind, isOptional, initial }) => [name, kind, isOptional, initial])).toEqual([
      ['parameters/power_address', 'text', false, '192.0.2.9'],
      ['parameters/power_pass', 'password', true, ''],
      ['parameters/flags', 'text', true, ''],
    ]);
    expect(fields.every(({ isShown }) => isShown({ powerType: 'ipmi' }))).toBe(true);
    expect(fields.some(({ isShown }) => isShown({ powerType: 'manual' }))).toBe(false);
  });

  it('sends what was typed of the chosen power type alone', () => {
    const values = { 'parameters/power_address': '192.0.2.9', 'parameters/flags': 'a, b', 'parameters/power_pass': '' };
    expect(parametersOf(TYPES, { ...values, powerType: 'ipmi' })).toEqual({
      power_address: '192.0.2.9',
      flags: ['a', 'b'],
    });
    expect(parametersOf(TYPES, { ...values, powerType: 'manual' })).toEqual({});
  });
});
