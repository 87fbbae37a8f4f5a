import type { Fabric, Space } from '../../../contract/network/fabric.ts';
import { printerOf, runChange } from '../../change.ts';
import type { NounSpec } from '../../command.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, need, nothingToSet, text } from '../../values.ts';

const COLUMNS: Shape<Fabric | Space>['columns'] = [
  { header: 'name', value: (row) => row.name },
  { header: 'vlans', value: (row) => String(row.vlans) },
  { header: 'id', wide: true, value: (row) => String(row.id) },
];
const FABRIC_SHAPE: Shape<Fabric> = { kind: 'fabric', name: (fabric) => fabric.name, columns: COLUMNS };
const SPACE_SHAPE: Shape<Space> = { kind: 'space', name: (space) => space.name, columns: COLUMNS };

const FILTER = [{ flags: '--name <text>', help: 'only those whose name holds this' }];
const NEW_NAME = [{ flags: '--name <name>', help: 'new name' }];
const WHICH_FABRIC = { name: '<fabric>', help: 'name or id', complete: 'fabric' } as const;
const WHICH_SPACE = { name: '<space>', help: 'name or id', complete: 'space' } as const;

/** `regent fabric`. */
export const FABRIC: NounSpec = {
  noun: 'fabric',
  summary: 'fabrics: switches that share their VLAN numbers',
  commands: [
    {
      verb: 'list',
      summary: 'list fabrics',
      options: FILTER,
      examples: ['regent fabric list'],
      run: async (call) => {
        const { client } = await call.region();
        const rows = await collect(client.all('fabric.list', { query: text(call, 'name') }));
        await printList(printerOf(call), FABRIC_SHAPE, rows);
      },
    },
    {
      verb: 'show',
      summary: 'show a fabric',
      args: [WHICH_FABRIC],
      examples: ['regent fabric show fabric-1'],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('fabric.show', { params: { fabric: need(call, 0) } });
        await printOne(printerOf(call), FABRIC_SHAPE, body);
      },
    },
    {
      verb: 'create',
      summary: 'create a fabric with its untagged VLAN',
      args: [{ name: '<name>', help: 'such as hall-2' }],
      isChange: true,
      examples: ['regent fabric create hall-2'],
      run: (call) =>
        runChange(call, {
          route: 'fabric.create',
          input: { body: { name: need(call, 0) } },
          shape: FABRIC_SHAPE,
          done: 'created',
        }),
    },
    {
      verb: 'set',
      summary: 'rename a fabric',
      args: [WHICH_FABRIC],
      options: NEW_NAME,
      isChange: true,
      examples: ['regent fabric set fabric-1 --name hall-1'],
      run: (call) => {
        const body = text(call, 'name');
        nothingToSet(body, '--name');
        return runChange(call, {
          route: 'fabric.set',
          input: { params: { fabric: need(call, 0) }, body },
          shape: FABRIC_SHAPE,
          done: 'changed',
        });
      },
    },
    {
      verb: 'delete',
      summary: 'delete a fabric whose VLANs nothing uses',
      args: [WHICH_FABRIC],
      isChange: true,
      examples: ['regent fabric delete hall-2 --dry-run'],
      run: (call) =>
        runChange(call, {
          route: 'fabric.delete',
          input: { params: { fabric: need(call, 0) } },
          shape: FABRIC_SHAPE,
          done: 'deleted',
          next: { in_use: [`Its VLANs: regent vlan list --fabric ${need(call, 0)}`] },
        }),
    },
  ],
};

/** `regent space`. */
export const SPACE: NounSpec = {
  noun: 'space',
  summary: 'spaces: VLANs that may route to each other',
  commands: [
    {
      verb: 'list',
      summary: 'list spaces',
      options: FILTER,
      examples: ['regent space list'],
      run: async (call) => {
        const { client } = await call.region();
        const rows = await collect(client.all('space.list', { query: text(call, 'name') }));
        await printList(printerOf(call), SPACE_SHAPE, rows);
      },
    },
    {
      verb: 'show',
      summary: 'show a space',
      args: [WHICH_SPACE],
      examples: ['regent space show dmz'],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('space.show', { params: { space: need(call, 0) } });
        await printOne(printerOf(call), SPACE_SHAPE, body);
      },
    },
    {
      verb: 'create',
      summary: 'create a space; VLANs join it with: regent vlan set VLAN --space NAME',
      args: [{ name: '<name>', help: 'such as dmz' }],
      isChange: true,
      examples: ['regent space create dmz'],
      run: (call) =>
        runChange(call, {
          route: 'space.create',
          input: { body: { name: need(call, 0) } },
          shape: SPACE_SHAPE,
          done: 'created',
        }),
    },
    {
      verb: 'set',
      summary: 'rename a space',
      args: [WHICH_SPACE],
      options: NEW_NAME,
      isChange: true,
      examples: ['regent space set dmz --name outside'],
      run: (call) => {
        const body = text(call, 'name');
        nothingToSet(body, '--name');
        return runChange(call, {
          route: 'space.set',
          input: { params: { space: need(call, 0) }, body },
          shape: SPACE_SHAPE,
          done: 'changed',
        });
      },
    },
    {
      verb: 'delete',
      summary: 'delete a space that no VLAN is in',
      args: [WHICH_SPACE],
      isChange: true,
      examples: ['regent space delete dmz'],
      run: (call) =>
        runChange(call, {
          route: 'space.delete',
          input: { params: { space: need(call, 0) } },
          shape: SPACE_SHAPE,
          done: 'deleted',
          next: { in_use: [`Its VLANs: regent vlan list --space ${need(call, 0)}`] },
        }),
    },
  ],
};
