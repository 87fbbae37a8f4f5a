import Type, { type TSchema } from 'typebox';
import type { PowerSetting } from '../model/machines/power.ts';

/** The schema of a power type's parameters, for an API: names, choices, what is needed and what is write-only. */
export function parameterSchema(settings: readonly PowerSetting[]): TSchema {
  const properties = Object.fromEntries(
    settings.map((setting) => {
      const schema = schemaOf(setting);
      return [
        setting.name,
        setting.isRequired === true && setting.default === undefined ? schema : Type.Optional(schema),
      ];
    }),
  );
  return Type.Object(properties, { additionalProperties: false });
}

function schemaOf(setting: PowerSetting): TSchema {
  const about = {
    description: setting.label,
    ...(setting.isSecret === true ? { writeOnly: true } : {}),
    ...(setting.default === undefined ? {} : { default: setting.default }),
  };
  if (setting.choices === undefined) return Type.String({ ...about, maxLength: 1024 });
  const choice = Type.Union(setting.choices.map(({ value }) => Type.Literal(value)));
  return setting.kind === 'several' ? Type.Array(choice, about) : Type.Union(choice.anyOf, about);
}
