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
import { CLI, cliLines } from '../../../texts/base/cli.ts';
import { EN } from '../../../texts/en.ts';
import { NodeActions, NodeRemovals } from './node-actions.tsx';
import { NodeServices } from './node-services.tsx';
import { ReplaceDialog } from './places.tsx';

const TEXTS = EN.nodes;
const EVERY_MS = 5000;

/** One node: what it is, what it does, and what one can do with it. */
export function NodePage({ name }: { readonly name: string }): JSX.Element {
  const node = useView('node.show', { params: { node: name } }, { nouns: ['node', 'job'], everyMs: EVERY_MS });
  const cluster = useView('cluster.show', {}, { nouns: ['node', 'job'], everyMs: EVERY_MS });
  const [isReplacing, setReplacing] = useState(false);
  const shown = dataOf(node.view);
  return (
    <Page title={name} actions={shown && <NodeActions node={shown} />} cli={cliLines(CLI.node, { NAME: name })}>
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
      {shown && <NodeRemovals node={shown} onReplace={() => setReplacing(true)} />}
    </Page>
  );
}

function factRows(node: Node, view: View<ClusterStatus>): readonly (readonly [string, ComponentChildren])[] {
  const cluster = dataOf(view);
  const row = cluster?.nodes.find((entry) => entry.name === node.name);
  const member = cluster?.database.members.find((entry) => entry.node === node.name);
  const certificate = cluster?.certificates.find((entry) => entry.node === node.name);
  return [
    [TEXTS.facts.roles, rolesOf(node)],
    [
      TEXTS.facts.state,
      <Pending key="state" view={view}>
        {() => (row ? <State tone={nodeTone(row)} label={nodeState(row)} /> : node.state)}
      </Pending>,
    ],
    ...(node.isDrained
      ? [[TEXTS.facts.drained, <Drained key="drained" since={node.drain?.since ?? null} />] as const]
      : []),
    [TEXTS.facts.addresses, node.addresses.map((address) => <Copy key={address} text={address} />)],
    [TEXTS.facts.generation, `${node.applied ?? '–'}/${node.wanted}`],
    [TEXTS.facts.report, <Ago key="report" at={node.agent?.reportedAt ?? null} />],
    ...(node.agent
      ? [[TEXTS.facts.agent, <AgentText key="agent" version={node.agent.version} since={node.agent.since} />] as const]
      : []),
    ...(member ? [[TEXTS.facts.database, memberText(member)] as const] : []),
    ...(certificate ? [[TEXTS.facts.certificate, TEXTS.days(Math.floor(certificate.daysLeft))] as const] : []),
  ];
}

function Drained({ since }: { readonly since: string | null }): JSX.Element {
  return (
    <>
      <State tone="warn" label={TEXTS.drained} /> <Ago at={since} />
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
  { id: 'vlan', head: TEXTS.vlanColumns.vlan, value: (row) => row.vlan },
  { id: 'interface', head: TEXTS.vlanColumns.interface, value: (row) => row.interface },
  {
    id: 'addresses',
    head: TEXTS.vlanColumns.addresses,
    value: (row) => row.addresses.join(', '),
    cell: (row) => row.addresses.map((address) => <Copy key={address} text={address} />),
  },
];

function NodeVlans({ node }: { readonly node: Node }): JSX.Element {
  return (
    <Section title={TEXTS.vlans}>
      {node.vlans.length === 0 ? (
        <Empty text={TEXTS.noVlans} />
      ) : (
        <Table
          name={TEXTS.vlans}
          rows={node.vlans}
          columns={VLAN_COLUMNS}
          keyOf={(row) => `${row.vlan} ${row.interface}`}
        />
      )}
    </Section>
  );
}
