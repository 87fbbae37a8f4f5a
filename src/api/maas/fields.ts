import fieldNames from './catalog/base/field-names.json' with { type: 'json' };

/** Names of fields of API v1 that MAAS calls otherwise. */
const NAMES: Readonly<Record<string, string>> = fieldNames;

/** What MAAS calls a field that a use case names, such as `interfaces/0/mac`; `__all__` for none. Pure. */
export function maasField(field: string): string {
  if (field === '') return '__all__';
  if (/^interfaces\/\d+\/mac$/.test(field)) return 'mac_addresses';
  const [first = ''] = field.split('/');
  // Of annotations.
  if (first === 'texts' && field.includes('/')) return field.slice(field.indexOf('/') + 1);
  if (first === 'parameters' && field.includes('/')) return field.slice(field.indexOf('/') + 1);
  return Object.hasOwn(NAMES, first) ? (NAMES[first] ?? first) : first;
}
