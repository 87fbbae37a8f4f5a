import type { ComponentChildren, JSX } from 'preact';
import type { Preview } from '../../contract/base/common.ts';
import { isShort, previewSummary } from '../models/base/preview-sentence.ts';
import { diffLines, previewCounts, plannedWork } from '../models/base/change.ts';
import { EN } from '../texts/en.ts';
import { State } from './icon.tsx';

/** What a change would do: work that it begins, real files of real nodes, and what is wrong with them. `isPast`: it was done. */
export function PreviewText(props: { readonly preview: Preview; readonly isPast?: boolean }): JSX.Element {
  const { preview, isPast } = props;
  const { files } = previewCounts(preview);
  const summary = previewSummary(preview);
  const isOpen = isShort(preview);
  const work = plannedWork(preview);
  const findings = preview.nodes.flatMap((node) => node.findings.map((finding) => ({ node: node.node, ...finding })));
  return (
    <div class="preview">
      {work !== null && (
        <p>
          <strong>{EN.change.would}:</strong> {work}
        </p>
      )}
      {(work === null || files > 0) && (
        <p>{isPast ? EN.change.pastFiles(files) : summary === null ? EN.change.nothing : EN.change.summary(summary)}</p>
      )}
      {findings.length > 0 && (
        <ul class="findings">
          {findings.map((finding) => (
            <li key={`${finding.node} ${finding.service} ${finding.code} ${finding.subject}`}>
              <State tone={finding.severity === 'error' ? 'bad' : 'warn'} label={finding.severity} /> {finding.node},{' '}
              {finding.service}, {finding.subject}: {finding.sentence} {finding.remedy ?? ''}
            </li>
          ))}
        </ul>
      )}
      <Files isFolded={files > MANY && isPast !== true} title={EN.change.fileCount(files)}>
        {preview.nodes.flatMap((node) =>
          node.files.map((file) => (
            <details key={`${node.node} ${file.target}`} open={isOpen}>
              <summary>
                {node.node} <code>{file.target}</code> <span class="faint">{EN.change.kind[file.change]}</span>
              </summary>
              <DiffText diff={file.diff} />
            </details>
          )),
        )}
      </Files>
    </div>
  );
}

/** More files than these are folded into one line. */
const MANY = 10;

function Files(props: {
  readonly isFolded: boolean;
  readonly title: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  if (!props.isFolded) return <>{props.children}</>;
  return (
    <details>
      <summary>{props.title}</summary>
      {props.children}
    </details>
  );
}

/** A unified diff. */
export function DiffText({ diff }: { readonly diff: string }): JSX.Element {
  return (
    // A diff may be wider than the page; then it scrolls, also with the keys.
    <pre class="diff" tabIndex={0}>
      {diffLines(diff).map((line, index) => (
        <span key={index} class={line.kind}>
          {line.text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
