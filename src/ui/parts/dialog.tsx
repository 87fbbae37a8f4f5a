import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { usePlaces } from '../live/place.ts';
import { EN } from '../texts/en.ts';
import { Icon } from './icon.tsx';

/** A dialog over the page: the browser keeps the focus in it, and gives it back. `onClose`: also by Esc. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  // The browser sends the close event later. If another dialog has replaced this one, the event must not close that
  // one.
  const isThere = useRef(true);
  const places = usePlaces();
  useEffect(() => places.stay(), []);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => {
      isThere.current = false;
      dialog?.close();
    };
  }, []);
  const close = () => {
    if (isThere.current) props.onClose();
  };
  return (
    <dialog ref={element} aria-label={props.title} onClose={close}>
      <header>
        <h2>{props.title}</h2>
        <button type="button" class="quiet" onClick={props.onClose} aria-label={EN.close}>
          <Icon name="close" />
        </button>
      </header>
      {props.children}
    </dialog>
  );
}
