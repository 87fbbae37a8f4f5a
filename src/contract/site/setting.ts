import Type, { type Static } from 'typebox';
import { DEFAULT_SETTINGS } from '../../model/site/settings.ts';
import { listQuery, page, strict, text } from '../base/common.ts';

/** Value of a setting: its own rule decides (model/site/settings.ts). */
const SettingValue = Type.Union([
  Type.String({ maxLength: 255 }),
  Type.Integer(),
  Type.Boolean(),
  Type.Array(Type.String({ maxLength: 255 }), { maxItems: 64 }),
]);

export const Setting = strict({
  name: Type.String(),
  value: SettingValue,
  default: SettingValue,
  isDefault: Type.Boolean(),
});
export type Setting = Static<typeof Setting>;

export const SettingSet = strict({ value: SettingValue });
export type SettingSet = Static<typeof SettingSet>;

export const SettingParams = strict({ setting: text(64, `one of ${Object.keys(DEFAULT_SETTINGS).join(', ')}`) });
export const SettingListQuery = listQuery({}, ['name']);
export const SettingPage = page(Setting);
