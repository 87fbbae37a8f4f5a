import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Node } from '../../../../contract/cluster/node.ts';
import { useMay } from '../../../live/use-may.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { Section } from '../../../parts/page.tsx';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.nodes.actions;
type NodeMenuAction = 'drain' | 'undrain' | 'switchover' | 'restart';
type Removal = 'remove' | 'replace' | 'forget';

/**
 * The actions on a node. that it stays after. A user who may not do an action does not see it.
 */
export function NodeActions({ node }: { readonly node: Node }): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<NodeMenuAction | null>(null);
  const { name } = node;
  const isMember = node.isRegion && node.state === 'member';
  const actions: readonly NodeMenuAction[] = [
    ...(may.operate ? [node.isDrained ? ('undrain' as const) : ('drain' as const)] : []),
    ...(may.operate && isMember ? (['switchover', 'restart'] as const) : []),
  ];
  const close = () => setOpen(null);
  const params = { node: name };
  return (
    <>
      {actions.map((action) => (
        <button key={action} type="button" onClick={() => setOpen(action)}>
          {TEXTS[action]}
        </button>
      ))}
      {(open === 'drain' || open === 'undrain') && (
        <ActionDialog
          title={`${TEXTS[open]} ${name}`}
          text={TEXTS[`${open}Text`](name)}
          id={`node.${open}`}
          input={{ params }}
          cli={`regent node ${open} ${name}`}
          isJob
          onClose={close}
        />
      )}
      {open === 'switchover' && (
        <ActionDialog
          title={`${TEXTS.switchover}: ${name}`}
          text={TEXTS.switchoverText(name)}
          id="cluster.switchover"
          input={{ body: { to: name } }}
          cli={`regent cluster switchover --to ${name}`}
          isJob
          onClose={close}
        />
      )}
      {open === 'restart' && (
        <ActionDialog
          title={`${TEXTS.restart} ${name}`}
          text={TEXTS.restartText(name)}
          id="cluster.restart"
          input={{ body: { nodes: [name] } }}
          cli={`regent cluster restart --rolling --node ${name}`}
          isJob
          onClose={close}
        />
      )}
    </>
  );
}

/** What takes the node out of the site, apart from the other actions, each with what it does. `onReplace`: its place is to be given to another host. */
export function NodeRemovals(props: { readonly node: Node; readonly onReplace: () => void }): JSX.Element | null {
  const may = useMay();
  const [open, setOpen] = useState<'remove' | 'forget' | null>(null);
  const { node, onReplace } = props;
  const isMember = node.isRegion && node.state === 'member';
  // A rack is removed, so that it hands its work over, or forgotten at once.
  const removals: readonly Removal[] = [
    ...(isMember || node.isRack ? (['remove', 'replace'] as const) : []),
    ...(isMember ? [] : (['forget'] as const)),
  ];
  if (!may.administer) return null;
  return (
    <Section title={EN.nodes.removals}>
      <ul class="removals">
        {removals.map((action) => (
          <li key={action}>
            <button type="button" class="danger" onClick={action === 'replace' ? onReplace : () => setOpen(action)}>
              {TEXTS[action]}
            </button>{' '}
            {TEXTS[`${action}Text`](node.name)}
          </li>
        ))}
      </ul>
      {open !== null && <NodeOut name={node.name} action={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}

/** Takes a node out for good: by a job that hands its work on first, or at once. */
function NodeOut(props: {
  readonly name: string;
  readonly action: 'remove' | 'forget';
  readonly onClose: () => void;
}): JSX.Element {
  const { name, action, onClose } = props;
  const params = { node: name };
  const shared = { title: `${TEXTS[action]} ${name}`, text: TEXTS[`${action}Text`](name), confirm: name, onClose };
  if (action === 'forget')
    return <ActionDialog {...shared} id="node.delete" input={{ params }} cli={`regent node delete ${name}`} />;
  return (
    <ActionDialog
      {...shared}
      id="node.remove"
      input={{ params, body: {} }}
      cli={`regent node remove ${name}`}
      forced={{
        label: TEXTS.removeForced,
        input: { params, body: { isForced: true } },
        cli: `regent node remove ${name} --force`,
      }}
      isJob
    />
  );
}
