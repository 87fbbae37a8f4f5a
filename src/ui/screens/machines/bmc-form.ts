import type { PowerTypeShown } from '../../../contract/machines/machine-power.ts';
import { FIELDS } from '../../texts/base/fields.ts';
import { listOf } from '../../models/base/command-text.ts';
import { OWN_PARAMETER } from '../../models/machines/machine-form.ts';
import type { Values } from '../../models/base/typed.ts';

type Parameter = PowerTypeShown['parameters'][number];

/** A parameter of a BMC as a field. The API names a bad one by the same name. */
interface ParameterField {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'password' | 'choice';
  readonly choices?: readonly (readonly [string, string])[];
  readonly help?: string;
  readonly initial: string;
  readonly isOptional: boolean;
  readonly isMore: boolean;
  readonly isShown: (values: Values) => boolean;
}

const ofBmc = ({ parameters }: PowerTypeShown): readonly Parameter[] =>
  parameters.filter(({ scope }) => scope === 'bmc');

/** The name of the field of a parameter. */
export const fieldName = (name: string): string => `parameters/${name}`;

/** What a parameter has, as the text of its field: several values with commas between. */
const givenText = (before: Readonly<Record<string, unknown>>, name: string): string =>
  [before[name] ?? []].flat().map(String).join(',');

/** Fields of every power type; a form shows those of the chosen one. `before`: the parameters that a BMC has. */
export function parameterFields(
  types: readonly PowerTypeShown[],
  before: Readonly<Record<string, unknown>>,
): readonly ParameterField[] {
  return types.flatMap((type) =>
    ofBmc(type).map((parameter): ParameterField => {
      const { name, label, kind, choices } = parameter;
      const defaults = [parameter.default ?? []].flat();
      const usual = choices.filter(({ value }) => defaults.includes(value)).map((choice) => choice.label);
      const isOptional = !parameter.required || defaults.length > 0;
      return {
        name: fieldName(name),
        label,
        kind: kind === 'several' ? 'text' : kind,
        ...(kind === 'choice'
          ? {
              choices: [
                ...(isOptional ? [['', FIELDS.byDefault(usual.join(', ') || '–')] as const] : []),
                ...choices.map((choice) => [choice.value, choice.label] as const),
              ],
            }
          : {}),
        ...(kind === 'several' ? { help: FIELDS.several(choices.map(({ value }) => value).join(', ')) } : {}),
        initial: givenText(before, name),
        isOptional,
        isMore: isOptional && kind !== 'password' && !['power_address', 'power_user'].includes(name),
        isShown: (values) => values['powerType'] === type.name,
      };
    }),
  );
}

/** What machines have of their own at their BMCs, whatever type these are of: each parameter once. `before`: what the machine has. */
export function ownParameterFields(
  types: readonly PowerTypeShown[],
  before: Readonly<Record<string, unknown>>,
): readonly Omit<ParameterField, 'isShown'>[] {
  const own = types.flatMap(({ name: type, parameters }) =>
    parameters.filter(({ scope }) => scope === 'machine').map((parameter) => ({ ...parameter, type })),
  );
  return [...Map.groupBy(own, ({ name }) => name).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return {
      name: `${OWN_PARAMETER}${first.name}`,
      label: first.label,
      kind: first.kind === 'password' ? ('password' as const) : ('text' as const),
      help: FIELDS.ofTypes(same.map(({ type }) => type).join(', ')),
      initial: givenText(before, first.name),
      isOptional: true,
      isMore: true,
    };
  });
}

/** What was typed, as parameters of a call: those of its power type that have a value. */
export function parametersOf(types: readonly PowerTypeShown[], values: Values): Record<string, string | string[]> {
  const type = types.find(({ name }) => name === values['powerType']);
  const given = (type === undefined ? [] : ofBmc(type)).flatMap(({ name, kind }) => {
    const text = values[fieldName(name)] ?? '';
    return text === '' ? [] : [[name, kind === 'several' ? listOf(text) : text] as const];
  });
  return Object.fromEntries(given);
}
