import type { JSX } from 'preact';
import type { Sentence } from '../../contract/site/wire/sentence.ts';
import { objectLink } from '../models/site/history-link.ts';

/** A sentence about the past; its objects are links. */
export function SentenceText({ pieces }: { readonly pieces: Sentence }): JSX.Element {
  return (
    <>
      {pieces.map((piece, index) => {
        if (typeof piece === 'string') return piece;
        const link = objectLink(piece);
        return link === null ? (
          <strong key={index}>{piece.name}</strong>
        ) : (
          <a key={index} href={link}>
            {piece.name}
          </a>
        );
      })}
    </>
  );
}
