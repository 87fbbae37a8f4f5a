import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useMay } from '../../../live/use-may.ts';
import type { FormNoun } from '../../../models/base/nouns/nouns.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { NounDialog, type NounWork } from './noun-dialog.tsx';

const TEXTS = EN.catalog;

/** Buttons for an object of a noun: change, delete; without a name: make one. */
export function NounButtons({ noun, name }: { readonly noun: FormNoun; readonly name?: string }): JSX.Element | null {
  const may = useMay();
  const [work, setWork] = useState<NounWork | null>(null);
  if (!may.operate) return null;
  const works: readonly (readonly [NounWork['verb'], string])[] =
    name === undefined
      ? [['create', TEXTS.create(TEXTS.nouns[noun].one)]]
      : [
          ['set', TEXTS.setLabel],
          ['delete', TEXTS.removeLabel],
        ];
  return (
    <>
      {works.map(([verb, label]) => (
        <button key={verb} type="button" onClick={() => setWork({ verb, ref: name ?? null })}>
          {label}
        </button>
      ))}
      {work !== null && <NounDialog noun={noun} work={work} onClose={() => setWork(null)} />}
    </>
  );
}
