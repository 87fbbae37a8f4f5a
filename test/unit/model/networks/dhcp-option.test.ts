import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { optionData, parseDhcpOptions } from '../../../../src/model/networks/dhcp/dhcp-option.ts';

const told = (...texts: string[]) => optionData(texts);

describe('an option by name', () => {
  it.each([
    ['log-servers=192.0.2.1,192.0.2.2', 'log-servers=192.0.2.1, 192.0.2.2'],
    ['7=192.0.2.1', 'log-servers=192.0.2.1'],
    ['ip-forwarding=true', 'ip-forwarding=true'],
    ['time-offset=-3600', 'time-offset=-3600'],
    ['domain-search= A.test , b.test.', 'domain-search=a.test, b.test'],
    ['121=10.0.0.0/8 via 10.1.1.1', 'classless-static-route=10.0.0.0/8 via 10.1.1.1'],
    ['vendor-encapsulated-options=0x01:02', 'vendor-encapsulated-options=0102'],
    ['tftp-server-name=a=b, c', 'tftp-server-name=a=b, c'],
  ])('%s has one text', (text, canonical) => {
    expect(parseDhcpOptions([text])).toEqual([canonical]);
    expect(parseDhcpOptions([canonical])).toEqual([canonical]);
  });

  it('is told to Kea by its name, with commas of a text marked', () => {
    expect(told('tftp-server-name=a,b', 'interface-mtu=9000')).toEqual([
      { code: 66, name: 'tftp-server-name', data: String.raw`a\,b` },
      { code: 26, name: 'interface-mtu', data: '9000' },
    ]);
  });
});

describe('an option of the site’s own', () => {
  it.each([
    ['224:string=hall 2', '68616C6C2032'],
    ['225:uint16[]=1,256', '00010100'],
    ['226:int32=-2', 'FFFFFFFE'],
    ['227:uint32=4294967295', 'FFFFFFFF'],
    ['228:boolean=true', '01'],
    ['229:ipv4-address[]=10.0.0.1,10.0.0.2', '0A0000010A000002'],
    ['230:fqdn=a.bc', '016102626300'],
    ['231:binary=00:FF', '00FF'],
    ['254:routes[]=10.128.0.0/9 via 10.0.0.1,0.0.0.0/0 via 10.0.0.2', '090A800A000001000A000002'],
  ])('%s is told in octets', (text, data) => {
    expect(told(text)).toEqual([{ code: Number(text.slice(0, 3)), data }]);
  });

  it('vendor options become one option 43, in their order', () => {
    expect(told('43.1:ipv4-address=192.0.2.1', '224:uint8=1', '43.9:string=ab')).toEqual([
      { code: 224, data: '01' },
      { code: 43, data: '0104C000020109026162' },
    ]);
  });
});

describe('refusals name the option and the rule', () => {
  it.each([
    [['router'], /"router" is not an option. Rule: NAME=VALUE/],
    [['routers=10.0.0.1'], /routers \(3\) is not for operators. Rule: set the gateway of the subnet/],
    [['3=10.0.0.1'], /routers \(3\)/],
    [['51:uint32=5'], /set the lease time/],
    [['no-such=1'], /"no-such" is not an option by name/],
    [['constructor=1'], /is not an option by name/],
    [['log-servers=ten'], /"ten" is not usable. Rule: an IPv4 address; several/],
    [['log-servers=2001:db8::1'], /is not usable/],
    [['default-ip-ttl=256'], /0 to 255/],
    [['time-offset=2147483648'], /is not usable/],
    [['ip-forwarding=yes'], /true or false/],
    [[String.raw`root-path=a\b`], /without a backslash/],
    [['root-path='], /is not usable/],
    [['root-path=ä'], /printable ASCII/],
    [['root-path=a\nb'], /is not usable/],
    [['vendor-encapsulated-options=abc'], /octets in hexadecimal/],
    [['121=10.0.0.1/8 via 10.1.1.1'], /NETWORK via ROUTER/],
    [['121=10.0.0.0/8'], /NETWORK via ROUTER/],
    [['7:string=x'], /the option 7 is log-servers, and has its type/],
    [['200:string=x'], /the option 200 has no type here/],
    [['224=x'], /224 has no type yet/],
    [['224:text=x'], /the type "text" is unknown/],
    [['44.1:string=x'], /44\.1 is not a vendor option/],
    [['43.0:string=x'], /CODE from 1 to 254/],
    [['43.1=x'], /not a vendor option with a type/],
    [['224:string=a', '224:uint8=1'], /are the same option/],
    [['7=10.0.0.1', 'log-servers=10.0.0.2'], /are the same option/],
    [['43.1:string=a', 'vendor-encapsulated-options=01'], /are the same option/],
    [[`224:string=${'x'.repeat(256)}`], /256 octets are too many/],
    [[`43.1:string=${'x'.repeat(200)}`, `43.2:string=${'x'.repeat(200)}`], /vendor options have 404 octets/],
    [Array.from({ length: 33 }, (_, index) => `${index}=1`), /33 options are too many/],
  ])('%j', (texts, message) => {
    const refusal = parseDhcpOptions(texts);
    expect(isRejected(refusal) && refusal.message).toMatch(message);
  });
});
