import type { Setting } from '../../../contract/site/setting.ts';

type SettingValue = Setting['value'];
/** How a setting is written in a form. */
export type SettingForm = 'check' | 'number' | 'area' | 'text';

/** The form of a value: it is that of its default. */
export function formOf(setting: Pick<Setting, 'default'>): SettingForm {
  const { default: value } = setting;
  if (typeof value === 'boolean') return 'check';
  if (typeof value === 'number') return 'number';
  return Array.isArray(value) ? 'area' : 'text';
}

/** A value as a form has it: a list has a line for each, a switch is `yes` or empty. */
export function writtenValue(value: SettingValue): string {
  if (typeof value === 'boolean') return value ? 'yes' : '';
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** The value that was written; the site judges it. A text that is no number stays one, so that its refusal says so. */
export function readValue(form: SettingForm, text: string): SettingValue {
  if (form === 'check') return text !== '';
  if (form === 'number') return /^-?\d+$/.test(text.trim()) ? Number(text) : text;
  if (form === 'text') return text.trim();
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A value in one line. */
export function valueText(
  value: SettingValue,
  texts: { readonly yes: string; readonly no: string; readonly none: string },
): string {
  if (typeof value === 'boolean') return value ? texts.yes : texts.no;
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  return text === '' ? texts.none : text;
}

/** What the command line takes for a value: each item of a list stands alone. */
export function valueArguments(value: SettingValue): string {
  const items = Array.isArray(value) ? value : [String(value)];
  return items.length === 0 ? "''" : items.map((item) => (/^[\w.:/=-]+$/.test(item) ? item : `'${item}'`)).join(' ');
}
