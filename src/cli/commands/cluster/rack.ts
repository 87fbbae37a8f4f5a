import { textOption } from '../../../contract/base/command-texts.ts';
import { listOf, showOf, changeOf } from '../base/plain.ts';
import type { Rack } from '../../../contract/cluster/rack.ts';
import { runChange } from '../../change.ts';
import type { Call, CommandSpec, NounSpec } from '../../command-spec.ts';
import type { Shape } from '../../format/output.ts';
import { moment, relative } from '../../format/when.ts';
import { need, option, text } from '../../values.ts';

const WHICH = { name: '<rack>', help: 'UUID, name, or "master"', complete: 'rack' } as const;
const NEXT = { not_found: ['regent rack list'], in_use: ['regent rack reject <uuid>'] };

/** `regent rack`. */
export const RACK: NounSpec = {
  noun: 'rack',
  summary: 'rack controllers: who registered, who is accepted, who is the master',
  commands: [
    listOf<Rack>(
      'rack.list',
      {
        summary: 'list racks; "master" stands in while none is accepted',
        options: { state: textOption('state', 'only those', ['waiting', 'accepted', 'rejected']) },
        examples: ['regent rack list --watch', 'regent rack list --state waiting'],
      },
      shapeOf,
    ),
    showOf(
      'rack.show',
      'rack',
      { summary: 'show a rack and the VLANs that it sees', args: [WHICH], examples: ['regent rack show master'] },
      shapeOf,
    ),
    {
      verb: 'accept',
      summary: 'accept a rack that waits or was rejected',
      args: [WHICH],
      options: [{ flags: '--name <name>', help: 'name of its node, where its own is taken' }],
      isChange: true,
      examples: ['regent rack accept k1 --wait', 'regent rack accept 6f9619ff-8b86-d011-b42d-00cf4fc964ff --name k2'],
      run: (call) =>
        runChange(call, {
          route: 'rack.accept',
          input: { params: { rack: need(call, 0) }, body: text(call, 'name') },
          shape: shapeOf(call),
          done: 'accepted',
          next: { ...NEXT, conflict: ['regent rack accept <uuid> --name <name>', 'regent rack list'] },
          describe: (rack) => `rack ${rack.name} accepted${rack.isMaster ? '; it is the master' : ''}`,
        }),
    },
    decision('reject', 'reject a rack: it gets nothing and serves nothing; its machines are the master’s', 'rejected'),
    {
      verb: 'reset-key',
      summary: 'give a rebuilt rack the key that its host has now',
      args: [WHICH],
      isChange: true,
      options: [
        {
          flags: '--key <key>',
          help: 'the new public key: journalctl -u regent-agent on the host names it; left out: its node, known by its certificate, may bring one',
        },
      ],
      examples: ['regent rack reset-key k1 --key <key>', 'regent rack reset-key k1'],
      run: (call) =>
        runChange(call, {
          route: 'rack.reset-key',
          input: { params: { rack: need(call, 0) }, body: keyOf(call) },
          shape: shapeOf(call),
          done: '',
          next: NEXT,
          describe: (rack) =>
            `${
              rack.mayRekey
                ? `the node of rack ${rack.name} may bring a new key for 15 minutes`
                : `rack ${rack.name} has the key ${rack.publicKey ?? ''}`
            }\non it: systemctl restart regent-agent`,
        }),
    },
    decision(
      'delete',
      'forget a rack that waits or was rejected; if it registers again it waits like a new one',
      'deleted',
    ),
  ],
};

function keyOf(call: Call): { publicKey?: string } {
  const key = option(call, 'key');
  return key === undefined ? {} : { publicKey: key };
}

function decision(verb: 'reject' | 'delete', summary: string, done: string): CommandSpec {
  const texts = { verb, summary, args: [WHICH], examples: [`regent rack ${verb} k1`] };
  return changeOf(`rack.${verb}`, 'rack', texts, { shape: shapeOf, done, next: NEXT });
}

function shapeOf(call: Call): Shape<Rack> {
  const now = call.io.now();
  const seen = (rack: Rack) => (rack.seenAt === null ? '' : relative(rack.seenAt, now));
  return {
    kind: 'rack',
    name: (rack) => rack.uuid ?? rack.name,
    columns: [
      { header: 'name', value: (rack) => rack.name },
      { header: 'state', value: stateOf },
      { header: 'uuid', value: (rack) => rack.uuid ?? '' },
      { header: 'machines', value: (rack) => String(rack.machines) },
      { header: 'vlans', value: (rack) => [...new Set(rack.vlans.map(({ vlan }) => vlan))].join(', ') },
      { header: 'registered', value: seen },
      { header: 'from', value: (rack) => rack.source ?? '' },
      { header: 'accepted', wide: true, value: (rack) => (rack.acceptedAt ? moment(rack.acceptedAt, now) : '') },
      { header: 'node', wide: true, value: (rack) => rack.node ?? '' },
      { header: 'key', wide: true, value: (rack) => rack.publicKey ?? '' },
    ],
    details: (rack) => [
      ['Name', rack.name],
      ['UUID', rack.uuid ?? 'none: it stands in until a rack is accepted'],
      ['State', stateOf(rack)],
      ['Node', rack.node ?? ''],
      ['Machines', String(rack.machines)],
      ['VLANs', rack.vlans.map((seenOn) => `${seenOn.vlan}  ${seenOn.interface}  ${seenOn.addresses.join(', ')}`)],
      ['Accepted', rack.acceptedAt === null ? '' : moment(rack.acceptedAt, now)],
      ['First registration', rack.registeredAt === null ? '' : moment(rack.registeredAt, now)],
      ['Last registration', rack.seenAt === null ? '' : `${moment(rack.seenAt, now)} from ${rack.source ?? '?'}`],
      ['Public key', rack.publicKey ?? ''],
    ],
  };
}

function stateOf(rack: Rack): string {
  const notes = [
    rack.isMaster ? 'master' : '',
    rack.isPlaceholder ? 'placeholder' : '',
    rack.mayRekey ? 'key reset' : '',
  ];
  const noteText = notes.filter((note) => note !== '').join(', ');
  return noteText === '' ? rack.state : `${rack.state} (${noteText})`;
}
