import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Node } from '../../../contract/node.ts';
import { useMay } from '../../live/use-may.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { EN } from '../../words/en.ts';

const WORDS = EN.nodes.actions;
type Action = 'drain' | 'undrain' | 'switchover' | 'restart' | 'remove' | 'replace' | 'forget';

/** What one can do with a node. Whoever may not, does not see it. */
export function NodeActions({ node }: { readonly node: Node }): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<Action | null>(null);
  const { name } = node;
  const isMember = node.isRegion && node.state === 'member';
  const actions: readonly Action[] = [
    ...(may.operate ? [node.isDrained ? ('undrain' as const) : ('drain' as const)] : []),
    ...(may.operate && isMember ? (['switchover', 'restart'] as const) : []),
    ...(may.administer ? (isMember ? (['remove', 'replace'] as const) : (['forget'] as const)) : []),
  ];
  const close = () => setOpen(null);
  const params = { node: name };
  return (
    <>
      {actions.map((action) => (
        <button key={action} type="button" onClick={() => setOpen(action)}>
          {WORDS[action]}
        </button>
      ))}
      {(open === 'drain' || open === 'undrain') && (
        <ActionDialog
          title={`${WORDS[open]} ${name}`}
          text={WORDS[`${open}Text`](name)}
          id={`node.${open}`}
          input={{ params }}
          cli={`regent node ${open} ${name}`}
          isJob
          onClose={close}
        />
      )}
      {open === 'switchover' && (
        <ActionDialog
          title={`${WORDS.switchover}: ${name}`}
          text={WORDS.switchoverText(name)}
          id="cluster.switchover"
          input={{ body: { to: name } }}
          cli={`regent cluster switchover --to ${name}`}
          isJob
          onClose={close}
        />
      )}
      {open === 'restart' && (
        <ActionDialog
          title={`${WORDS.restart} ${name}`}
          text={WORDS.restartText(name)}
          id="cluster.restart"
          input={{ body: { nodes: [name] } }}
          cli={`regent cluster restart --rolling --node ${name}`}
          isJob
          onClose={close}
        />
      )}
      {(open === 'remove' || open === 'replace') && (
        <ActionDialog
          title={`${WORDS[open]} ${name}`}
          text={WORDS[`${open}Text`](name)}
          id={`node.${open}`}
          input={{ params, body: {} }}
          cli={`regent node ${open} ${name}`}
          confirm={name}
          isJob
          onClose={close}
        />
      )}
      {open === 'forget' && (
        <ActionDialog
          title={`${WORDS.forget} ${name}`}
          text={WORDS.forgetText(name)}
          id="node.delete"
          input={{ params }}
          cli={`regent node delete ${name}`}
          confirm={name}
          onClose={close}
        />
      )}
    </>
  );
}
