import type { Subnet, Vlan } from '../../contract/subnet.ts';
import { printerOf, runChange } from '../change.ts';
import type { NounSpec } from '../command.ts';
import { printList, printOne, type Shape } from '../format/output.ts';
import { collect, need, nothingToSet, onOff, text } from '../values.ts';

const SHAPE: Shape<Subnet> = {
  kind: 'subnet',
  name: (subnet) => subnet.cidr,
  columns: [
    { header: 'cidr', value: (subnet) => subnet.cidr },
    { header: 'name', value: (subnet) => subnet.name },
    { header: 'vlan', value: (subnet) => subnet.vlan },
    { header: 'dns', value: (subnet) => (subnet.dnsOn ? 'on' : 'off') },
    { header: 'used', value: (subnet) => String(subnet.used) },
    { header: 'id', wide: true, value: (subnet) => String(subnet.id) },
  ],
};

const VLAN_SHAPE: Shape<Vlan> = {
  kind: 'VLAN',
  name: (vlan) => vlan.name,
  columns: [
    { header: 'name', value: (vlan) => vlan.name },
    { header: 'vid', value: (vlan) => (vlan.vid === 0 ? 'untagged' : String(vlan.vid)) },
    { header: 'id', wide: true, value: (vlan) => String(vlan.id) },
  ],
};

const WHICH = { name: '<subnet>', help: 'CIDR, name or id', complete: 'subnet' } as const;
const OPTIONS = [
  { flags: '--name <name>', help: 'a free name' },
  { flags: '--vlan <vlan>', help: 'VLAN by name, VID or id' },
  { flags: '--dns <on|off>', help: 'may hosts of this subnet use our resolvers', values: ['on', 'off'] },
];

/** `regent subnet`. */
export const SUBNET: NounSpec = {
  noun: 'subnet',
  summary: 'subnets, their VLANs and reverse zones',
  commands: [
    {
      verb: 'list',
      summary: 'list subnets',
      options: [
        { flags: '--name <text>', help: 'only those whose name holds this' },
        { flags: '--vlan <vlan>', help: 'only those of this VLAN' },
      ],
      run: async (call) => {
        const { client } = await call.region();
        const query = { ...text(call, 'name'), ...text(call, 'vlan') };
        await printList(printerOf(call), SHAPE, await collect(client.all('subnet.list', { query })));
      },
    },
    {
      verb: 'show',
      summary: 'show a subnet',
      args: [WHICH],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('subnet.show', { params: { subnet: need(call, 0) } });
        await printOne(printerOf(call), SHAPE, body);
      },
    },
    {
      verb: 'create',
      summary: 'create a subnet; its reverse zones are served from then on',
      args: [{ name: '<cidr>', help: 'such as 10.10.20.0/24' }],
      options: OPTIONS,
      isChange: true,
      examples: ['regent subnet create 10.10.20.0/24 --name lab --vlan 20'],
      run: (call) => {
        const dnsOn = onOff(call, 'dns');
        return runChange(call, {
          route: 'subnet.create',
          input: {
            body: {
              cidr: need(call, 0),
              ...text(call, 'name'),
              ...text(call, 'vlan'),
              ...(dnsOn === undefined ? {} : { dnsOn }),
            },
          },
          shape: SHAPE,
          done: 'created',
        });
      },
    },
    {
      verb: 'set',
      summary: 'change a subnet',
      args: [WHICH],
      options: OPTIONS,
      isChange: true,
      run: (call) => {
        const dnsOn = onOff(call, 'dns');
        const body = { ...text(call, 'name'), ...text(call, 'vlan'), ...(dnsOn === undefined ? {} : { dnsOn }) };
        nothingToSet(body, '--name, --vlan or --dns');
        return runChange(call, {
          route: 'subnet.set',
          input: { params: { subnet: need(call, 0) }, body },
          shape: SHAPE,
          done: 'changed',
        });
      },
    },
    {
      verb: 'delete',
      summary: 'delete a subnet that no machine uses',
      args: [WHICH],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'subnet.delete',
          input: { params: { subnet: need(call, 0) } },
          shape: SHAPE,
          done: 'deleted',
        }),
    },
  ],
};

/** `regent vlan`. */
export const VLAN: NounSpec = {
  noun: 'vlan',
  summary: 'VLANs',
  commands: [
    {
      verb: 'list',
      summary: 'list VLANs',
      run: async (call) => {
        const { client } = await call.region();
        await printList(printerOf(call), VLAN_SHAPE, await collect(client.all('vlan.list', {})));
      },
    },
  ],
};
