import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Image } from '../../../contract/images/image.ts';
import { useMay } from '../../live/use-may.ts';
import { useView } from '../../live/use-view.ts';
import { sizeText } from '../../models/base/size.ts';
import { copiesTone, fileGrid, placeTone, wholeOnRacks } from '../../models/images/images.ts';
import { dataOf } from '../../models/base/view.ts';
import { Button } from '../../parts/button.tsx';
import { ActionDialog } from '../../parts/change.tsx';
import { Copy } from '../../parts/copy.tsx';
import { State } from '../../parts/icon.tsx';
import { Facts, Page, Section, Shown } from '../../parts/page.tsx';
import { Ago } from '../../parts/time.tsx';
import { CLI, cliLines } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.images;
const { facts: F } = TEXTS;

/** One image: what it is, and which node has which file of it. */
export function ImagePage({ digest }: { readonly digest: string }): JSX.Element {
  const image = useView('image.show', { params: { image: digest } }, { nouns: ['image'], everyMs: 5000 });
  const shown = dataOf(image.view);
  return (
    <Page
      title={shown?.name ?? digest.slice(0, 12)}
      cli={cliLines(CLI.image, { NAME: digest.slice(0, 12) })}
      actions={shown && <Actions image={shown} />}
    >
      <Shown view={image.view}>
        {(data) => (
          <>
            <Facts rows={factRows(data)} />
            <Files image={data} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function factRows(image: Image): readonly (readonly [string, ComponentChildren])[] {
  const { content } = image;
  const root =
    content === null
      ? ''
      : [
          `${content.format}, ${content.compression}`,
          content.cloudInit ? TEXTS.cloudInit : TEXTS.noCloudInit,
          ...(content.bytes === null ? [] : [TEXTS.unpacked(sizeText(content.bytes, 1024))]),
        ].join(', ');
  const racks = wholeOnRacks(image);
  const rows: readonly (readonly [string, ComponentChildren])[] = [
    [F.kind, `${image.kind}, ${image.architecture}`],
    [
      F.copies,
      <State key="copies" tone={copiesTone(image)} label={TEXTS.copies(image.wholeOn.length, image.regions.length)} />,
    ],
    ...(racks.length === 0 ? [] : [[F.racks, racks.join(', ')] as const]),
    [F.default, image.isDefault ? TEXTS.isDefault : ''],
    [F.kernel, image.kernel],
    [F.content, root],
    [F.size, sizeText(image.size, 1024)],
    [F.created, <Made key="created" image={image} />],
    [F.digest, <Copy key="digest" text={image.digest} />],
  ];
  return rows.filter(([, value]) => value !== '');
}

function Made({ image }: { readonly image: Image }): JSX.Element {
  return (
    <>
      <Ago at={image.createdAt} />, {image.createdBy}
    </>
  );
}

function Files({ image }: { readonly image: Image }): JSX.Element {
  const { holders, rows } = fileGrid(image);
  return (
    <Section title={TEXTS.filesTitle} note={TEXTS.racksNote}>
      <div class="table-scroll" role="region" tabIndex={0} aria-label={TEXTS.filesTitle}>
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">{TEXTS.fileHead}</th>
              <th scope="col" class="number">
                {TEXTS.columns.size}
              </th>
              {holders.map(({ key, node, isRack }) => (
                <th key={key} scope="col">
                  {isRack ? TEXTS.rackHead(node) : node}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td class="number">{sizeText(row.size, 1024)}</td>
                {holders.map(({ key, isRack }) => {
                  const state = row.places.get(key);
                  return (
                    <td key={key}>
                      {state === undefined ? (
                        <State tone="off" label={isRack ? TEXTS.onDemand : TEXTS.unknownPlace} />
                      ) : (
                        <State tone={placeTone(state)} label={TEXTS.states[state]} />
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Actions({ image }: { readonly image: Image }): JSX.Element | null {
  const may = useMay();
  const [open, setOpen] = useState<'default' | 'delete' | null>(null);
  if (!may.administer) return null;
  const input = { params: { image: image.digest } };
  const close = () => setOpen(null);
  const short = image.digest.slice(0, 12);
  return (
    <>
      {!image.isDefault && image.kind !== 'deployable' && image.kind !== 'release' && (
        <Button onClick={() => setOpen('default')}>{TEXTS.setDefault}</Button>
      )}
      <Button onClick={() => setOpen('delete')}>{TEXTS.delete}</Button>
      {open === 'default' && (
        <ActionDialog
          title={`${TEXTS.setDefault}: ${image.name}`}
          text={TEXTS.setDefaultText(image.name)}
          id="image.set-default"
          input={input}
          cli={`regent image set-default ${short}`}
          onClose={close}
        />
      )}
      {open === 'delete' && (
        <ActionDialog
          title={`${TEXTS.delete} ${image.name}`}
          text={TEXTS.deleteText(image.name)}
          id="image.delete"
          input={input}
          cli={`regent image delete ${short}`}
          confirm={image.name}
          onClose={close}
        />
      )}
    </>
  );
}
