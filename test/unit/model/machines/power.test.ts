import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import {
  formatPlace,
  MASKED_SECRET,
  maskPowerParameters,
  parsePlace,
  parsePowerParameters,
  POWER_STATES,
  POWER_TYPES,
  secretsIn,
} from '../../../../src/model/machines/power.ts';
import { POWER_SECRET_NAMES } from '../../../../src/model/machines/power-secrets.ts';
import { DRIVERS, driverOf } from '../../../../src/power/registry.ts';

/** MAAS's parameters of each type, and what is ours. */
const NAMES = {
  ipmi: 'power_driver power_boot_type power_address power_user power_pass k_g cipher_suite_id privilege_level workaround_flags mac_address power_off_mode',
  redfish: 'power_address power_user power_pass node_id certificate_fingerprint',
  virsh: 'power_address power_pass power_id',
  webhook:
    'power_on_uri power_off_uri power_query_uri power_on_regex power_off_regex power_user power_pass power_token power_verify_ssl',
  manual: '',
};
const SECRETS = {
  ipmi: 'power_pass k_g',
  redfish: 'power_pass',
  virsh: 'power_pass',
  webhook: 'power_pass power_token',
  manual: '',
};

const GOOD = {
  ipmi: { power_address: '10.88.0.1', power_user: 'u', power_pass: 'Secret-1', k_g: 'Secret-2' },
  redfish: { power_address: 'bmc.example.test', power_user: 'u', power_pass: 'Secret-1' },
  virsh: { power_address: 'qemu+ssh://u@h/system', power_id: 'm1', power_pass: 'Secret-1' },
  webhook: {
    power_on_uri: 'http://h/1',
    power_off_uri: 'http://h/0',
    power_query_uri: 'http://h/',
    power_pass: 'Secret-1',
    power_token: 'Secret-2',
  },
  manual: {},
};

const law = (type: keyof typeof GOOD, given: Readonly<Record<string, unknown>>) =>
  parsePowerParameters(driverOf(type).settings, given);

describe.each(POWER_TYPES)('the parameters of %s', (type) => {
  const { settings } = driverOf(type);

  it("have MAAS's names, and the secrets are known", () => {
    expect(settings.map(({ name }) => name).join(' ')).toBe(NAMES[type]);
    expect(
      settings
        .filter((setting) => setting.isSecret)
        .map(({ name }) => name)
        .join(' '),
    ).toBe(SECRETS[type]);
  });

  it('are taken, masked, and come through the schema', () => {
    const parameters = law(type, GOOD[type]);
    if (isRejected(parameters)) throw new Error(parameters.message);
    expect(law(type, parameters)).toEqual(parameters);
    const masked = JSON.stringify(maskPowerParameters(settings, parameters));
    expect(masked).not.toContain('Secret');
    expect(masked.split(MASKED_SECRET)).toHaveLength(Object.keys(secretsIn(settings, parameters)).length + 1);
  });

  it('refuse what is unknown, and what is no text', () => {
    expect(law(type, { ...GOOD[type], nonsense: 'x' })).toMatchObject({
      kind: 'rejected',
      message: expect.stringContaining('no such parameter'),
    });
    for (const { name, kind } of settings.filter((setting) => setting.kind !== 'several')) {
      for (const value of [1, {}, ['a'], true, 'a\nb', 'x'.repeat(1025)]) {
        expect(law(type, { ...GOOD[type], [name]: value }), `${name} ${kind}`).toMatchObject({
          kind: 'rejected',
          code: 'invalid_value',
        });
      }
    }
  });

  it('need what is needed, and take an empty text for none', () => {
    const missing = settings.filter(({ name }) => isRejected(law(type, { ...GOOD[type], [name]: '' })));
    const needed = settings.filter((setting) => setting.isRequired === true && setting.default === undefined);
    expect(missing).toEqual(needed);
    for (const { name, label } of needed) {
      const message = `${name}: it is missing. Rule: ${label} is needed.`;
      expect(law(type, { ...GOOD[type], [name]: '' })).toMatchObject({ message });
    }
  });

  it('never show a secret in a refusal', () => {
    for (const { name } of settings.filter((setting) => setting.isSecret)) {
      const refusal = law(type, { ...GOOD[type], [name]: `Hidden\n${'x'.repeat(30)}` });
      expect(refusal).toMatchObject({ kind: 'rejected' });
      expect(JSON.stringify(refusal)).not.toContain('Hidden');
    }
  });
});

describe('single values', () => {
  it('have defaults, lists and a canonical form', () => {
    expect(
      law('ipmi', {
        power_address: '10.88.0.1:623',
        k_g: '0x6b6579',
        workaround_flags: 'sun20,sun20,',
        mac_address: '52-54-00-AA-00-01',
      }),
    ).toEqual({
      power_driver: 'LAN_2_0',
      power_boot_type: 'auto',
      power_address: '10.88.0.1',
      k_g: 'key',
      privilege_level: 'OPERATOR',
      workaround_flags: ['sun20'],
      mac_address: '52:54:00:aa:00:01',
      power_off_mode: 'hard',
    });
    expect(law('redfish', { ...GOOD.redfish, power_address: 'https://10.88.0.1:443/' })).toMatchObject({
      power_address: '10.88.0.1',
    });
  });

  it.each([
    ['ipmi', 'power_pass', 'x'.repeat(21)],
    ['ipmi', 'k_g', '0xff00'],
    ['ipmi', 'workaround_flags', 'nonsense'],
    ['ipmi', 'workaround_flags', 17],
    ['ipmi', 'mac_address', '52:54'],
    ['ipmi', 'power_address', '10.88.0.1:0'],
    ['ipmi', 'power_address', 'a b'],
    ['redfish', 'power_address', 'http://10.88.0.1'],
    ['redfish', 'node_id', '../1'],
    ['redfish', 'node_id', '..'],
    ['redfish', 'certificate_fingerprint', 'abcd'],
    ['webhook', 'power_on_uri', 'ftp://h/'],
    ['webhook', 'power_on_uri', 'http://u:p@h/'],
    ['webhook', 'power_on_regex', '('],
    ['webhook', 'power_on_regex', 'x'.repeat(300)],
  ] as const)('%s refuses %s %j', (type, name, value) => {
    expect(law(type, { ...GOOD[type], [name]: value })).toMatchObject({ kind: 'rejected', code: 'invalid_value' });
  });

  it('places come back as they were written', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('bmc', 'bmc.example.test'));
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
        const text = name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
        const place = parsePlace(text, 'x', 623);
        if (isRejected(place)) throw new Error(place.message);
        expect(place.port).toBe(port);
        expect(parsePlace(formatPlace(place, 623), 'x', 623)).toEqual(place);
      }),
    );
  });

  it('that are secrets are known without their type', () => {
    const names = DRIVERS.flatMap(({ settings }) =>
      settings.filter(({ isSecret }) => isSecret).map(({ name }) => name),
    );
    expect([...new Set(names)].sort()).toEqual(POWER_SECRET_NAMES);
    for (const { name, isSecret } of DRIVERS.flatMap(({ settings }) => settings)) {
      expect(isSecret === true, name).toBe(POWER_SECRET_NAMES.includes(name));
    }
  });

  it("have MAAS's states, and each type one driver", () => {
    expect(POWER_STATES).toEqual(['on', 'off', 'unknown', 'error']);
    expect(DRIVERS.map(({ type }) => type).sort()).toEqual([...POWER_TYPES].sort());
  });
});
