import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { NodeLog as Log } from '../../../../contract/base/command.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { lineText } from '../../../models/cluster/logs.ts';
import { dataOf } from '../../../models/base/view.ts';
import { Button } from '../../../parts/button.tsx';
import { State } from '../../../parts/icon.tsx';
import { Empty, Section, Shown } from '../../../parts/page.tsx';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.services.log;
const LINES = 200;
/**
 * Time limit of the agent's answer, seconds. The web UI reports a read that takes longer as a site without its
 * database.
 */
const SECONDS = 1;
const FOLLOW_MS = 3000;
/**
 * The interval of reads if the log is not followed, ms: in effect one read per click, because each read costs the node
 * work.
 */
const ONCE_MS = 60 * 60_000;

/**
 * The last log lines of one part of a node, read on a click. `parts`: the parts to choose from; the only part needs no
 * choice.
 */
export function NodeLog({
  node,
  parts,
}: {
  readonly node: string;
  readonly parts: readonly string[];
}): JSX.Element | null {
  const may = useMay();
  const [part, setPart] = useState('');
  const [isFollowed, setFollowed] = useState(false);
  const [only, ...others] = parts;
  if (!may.operate || only === undefined) return null;
  return (
    <Section title={TEXTS.title} note={TEXTS.note(LINES, node)}>
      <div class="filters">
        {others.length === 0 ? (
          part === '' && <Button onClick={() => setPart(only)}>{TEXTS.show}</Button>
        ) : (
          <label>
            {TEXTS.part}
            <select value={part} onChange={(event) => setPart(event.currentTarget.value)}>
              <option value="">{TEXTS.choose}</option>
              {parts.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        {part !== '' && (
          <label class="check">
            <input
              type="checkbox"
              checked={isFollowed}
              onChange={(event) => setFollowed(event.currentTarget.checked)}
            />
            {TEXTS.follow}
          </label>
        )}
      </div>
      {part !== '' && <Lines key={`${part} ${isFollowed}`} node={node} part={part} isFollowed={isFollowed} />}
    </Section>
  );
}

type LinesProps = { readonly node: string; readonly part: string; readonly isFollowed: boolean };

function Lines({ node, part, isFollowed }: LinesProps): JSX.Element {
  const input = { params: { node, part }, query: { lines: LINES, seconds: SECONDS } };
  const log = useView('node.logs', input, { nouns: [], everyMs: isFollowed ? FOLLOW_MS : ONCE_MS });
  const box = useRef<HTMLPreElement>(null);
  const last = dataOf(log.view)?.cursor;
  // Scrolls to the newest line when one arrives.
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [last]);
  return (
    <Shown view={log.view}>
      {(data: Log) =>
        data.why !== null ? (
          <p class="findings">
            <State tone="warn" label={TEXTS.silent} /> {data.why}
          </p>
        ) : data.items.length === 0 ? (
          <Empty text={TEXTS.empty} />
        ) : (
          <pre ref={box} class="log" tabIndex={0} aria-label={TEXTS.name(part, node)}>
            {data.items.map(lineText).join('\n')}
          </pre>
        )
      }
    </Shown>
  );
}
