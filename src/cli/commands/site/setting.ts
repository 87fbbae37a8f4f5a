import { listOf } from '../base/plain.ts';
import type { Static } from 'typebox';
import type { Setting as SettingSchema } from '../../../contract/site/setting.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printOne, type Shape } from '../../format/output.ts';
import { integer, need } from '../../values.ts';

type Setting = Static<typeof SettingSchema>;
type SettingValue = Setting['value'];

const SHAPE: Shape<Setting> = {
  kind: 'setting',
  name: (setting) => setting.name,
  columns: [
    { header: 'name', value: (setting) => setting.name },
    { header: 'value', value: (setting) => valueText(setting.value) },
    { header: 'from', value: (setting) => (setting.isDefault ? 'default' : 'set') },
    { header: 'default', wide: true, value: (setting) => valueText(setting.default) },
  ],
};

const NAME = { name: '<name>', help: 'name of the setting', complete: 'setting' } as const;

/** `regent setting`. */
export const SETTING: NounSpec = {
  noun: 'setting',
  summary: 'settings of the whole site',
  commands: [
    listOf('setting.list', { summary: 'list settings' }, SHAPE),
    {
      verb: 'get',
      summary: "print a setting's value",
      args: [NAME],
      run: async (call) => {
        const setting = await read(call);
        const printer = printerOf(call);
        // The bare value, so that a script can use it as it is.
        if (printer.format === 'table') call.io.out.write(`${printable(valueText(setting.value))}\n`);
        else await printOne(printer, SHAPE, setting);
      },
    },
    {
      verb: 'set',
      summary:
        "change a setting; several values, or commas (of dhcp_options: only several values), make a list; '' is the empty list",
      args: [NAME, { name: '[value...]', help: 'new value' }],
      options: [{ flags: '--default', help: 'back to the default' }],
      isChange: true,
      examples: [
        'regent setting set upstream_dns 192.0.2.53 198.51.100.53',
        'regent setting set default_ttl 60 --dry-run',
        'regent setting set upstream_dns --default',
        'regent setting set dhcp_options log-servers=192.0.2.14,192.0.2.15 224:string=hall-2',
      ],
      run: setSetting,
    },
  ],
};

async function setSetting(call: Call) {
  const [name, ...values] = call.args.filter((value) => value !== undefined);
  const wantsDefault = call.options['default'] === true;
  if (wantsDefault === values.length > 0) throw usageError('Give either a value or --default.');
  // The type of the present value decides: a list, a number or a text.
  const now = await read(call);
  return runChange(call, {
    route: 'setting.set',
    input: { params: { setting: name ?? '' }, body: { value: wantsDefault ? now.default : parseValue(now, values) } },
    shape: SHAPE,
    done: 'changed',
    describe: (setting) => `setting ${setting.name} is ${valueText(setting.value)}`,
  });
}

async function read(call: Call): Promise<Setting> {
  const { client } = await call.region();
  return (await client.call('setting.show', { params: { setting: need(call, 0) } })).body;
}

function parseValue(setting: Setting, values: readonly string[]): SettingValue {
  if (Array.isArray(setting.default)) {
    const parts = setting.name === 'dhcp_options' ? values : values.flatMap((value) => value.split(','));
    return parts.map((value) => value.trim()).filter((value) => value !== '');
  }
  const [only, ...more] = values;
  if (only === undefined || more.length > 0) throw usageError(`${setting.name} takes one value.`);
  if (typeof setting.default === 'number') return integer(only, setting.name);
  if (typeof setting.default === 'boolean') {
    const isOn = ['true', 'on'].includes(only);
    if (!isOn && !['false', 'off'].includes(only)) throw usageError(`${setting.name} takes on or off.`);
    return isOn;
  }
  return only;
}

function valueText(value: SettingValue): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}
