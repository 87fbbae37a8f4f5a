import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ClusterStatus } from '../../../../contract/cluster/status.ts';
import type { Node } from '../../../../contract/cluster/node.ts';
import { useView } from '../../../live/use-view.ts';
import { memberText, nodeState, nodeTone, rolesOf } from '../../../models/cluster/nodes.ts';
import { dataOf, type View } from '../../../models/base/view.ts';
import { Copy } from '../../../parts/copy.tsx';
import { State } from '../../../parts/icon.tsx';
import { Empty, Facts, Page, Pending, Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { Ago, For } from '../../../parts/time.tsx';
import { CLI, cliLines } from '../../../words/base/cli.ts';
import { EN } from '../../../words/en.ts';
import { NodeActions } from './node-actions.tsx';
import { NodeServices } from './node-services.tsx';
import { ReplaceDialog } from './places.tsx';

const WORDS = EN.nodes;
const EVERY_MS = 5000;

/** One node: what it is, what it does, and what one can do with it. */
export function NodePage({ name }: { readonly name: string }): JSX.Element {
  const node = useView('node.show', { params: { node: name } }, { nouns: ['node', 'job'], everyMs: EVERY_MS });
  const cluster = useView('cluster.show', {}, { nouns: ['node', 'job'], everyMs: EVERY_MS });
  const [isReplacing, setReplacing] = useState(false);
  const shown = dataOf(node.view);
  return (
    <Page
      title={name}
      actions={shown && <NodeActions node={shown} onReplace={() => setReplacing(true)} />}
      cli={cliLines(CLI.node, { NAME: name })}
    >
      {isReplacing && <ReplaceDialog name={name} onClose={() => setReplacing(false)} />}
      <Shown view={node.view}>
        {(data) => (
          <>
            <Facts rows={factRows(data, cluster.view)} />
            {data.isRack && <NodeVlans node={data} />}
          </>
        )}
      </Shown>
      <NodeServices node={name} isRegion={shown?.isRegion === true} />
    </Page>
  );
}

function factRows(node: Node, view: View<ClusterStatus>): readonly (readonly [string, ComponentChildren])[] {
  const cluster = dataOf(view);
  const row = cluster?.nodes.find((entry) => entry.name === node.name);
  const member = cluster?.database.members.find((entry) => entry.node === node.name);
  const certificate = cluster?.certificates.find((entry) => entry.node === node.name);
  return [
    [WORDS.facts.roles, rolesOf(node)],
    [
      WORDS.facts.state,
      <Pending key="state" view={view}>
        {() => (row ? <State tone={nodeTone(row)} word={nodeState(row)} /> : node.state)}
      </Pending>,
    ],
    ...(node.isDrained
      ? [[WORDS.facts.drained, <Drained key="drained" since={node.drain?.since ?? null} />] as const]
      : []),
    [WORDS.facts.addresses, node.addresses.map((address) => <Copy key={address} text={address} />)],
    [WORDS.facts.generation, `${node.applied ?? '–'}/${node.wanted}`],
    [WORDS.facts.report, <Ago key="report" at={node.agent?.reportedAt ?? null} />],
    ...(node.agent
      ? [[WORDS.facts.agent, <AgentText key="agent" version={node.agent.version} since={node.agent.since} />] as const]
      : []),
    ...(member ? [[WORDS.facts.database, memberText(member)] as const] : []),
    ...(certificate ? [[WORDS.facts.certificate, WORDS.days(Math.floor(certificate.daysLeft))] as const] : []),
  ];
}

function Drained({ since }: { readonly since: string | null }): JSX.Element {
  return (
    <>
      <State tone="warn" word={WORDS.drained} /> <Ago at={since} />
    </>
  );
}

function AgentText({ version, since }: { readonly version: string; readonly since: string }): JSX.Element {
  return (
    <>
      {version}, <For since={since} />
    </>
  );
}

type NodeVlan = Node['vlans'][number];
const VLAN_COLUMNS: readonly Column<NodeVlan>[] = [
  { id: 'vlan', head: WORDS.vlanColumns.vlan, value: (row) => row.vlan },
  { id: 'interface', head: WORDS.vlanColumns.interface, value: (row) => row.interface },
  {
    id: 'addresses',
    head: WORDS.vlanColumns.addresses,
    value: (row) => row.addresses.join(', '),
    cell: (row) => row.addresses.map((address) => <Copy key={address} text={address} />),
  },
];

function NodeVlans({ node }: { readonly node: Node }): JSX.Element {
  return (
    <Section title={WORDS.vlans}>
      {node.vlans.length === 0 ? (
        <Empty text={WORDS.noVlans} />
      ) : (
        <Table
          name={WORDS.vlans}
          rows={node.vlans}
          columns={VLAN_COLUMNS}
          keyOf={(row) => `${row.vlan} ${row.interface}`}
        />
      )}
    </Section>
  );
}
