import { invalid, type Rejected, show } from '../../core/errors.ts';

/** Texts by name that tools keep with a machine (`workload_annotations` of MAAS). */
export type Annotations = Readonly<Record<string, string>>;

/**
 * The annotation by which a tool that has a machine knows it again (`agent_name` of MAAS): it is deleted when anybody
 * releases the machine.
 */
export const AGENT_NAME = 'maas/agent-name';

/** The annotations but for that one. */
export function withoutAgent(annotations: Annotations): Annotations {
  if (annotations[AGENT_NAME] === undefined) return annotations;
  const { [AGENT_NAME]: _, ...texts } = annotations;
  return texts;
}

/** Parses annotations: at most 64; names of 1–63 letters, digits and . _ / -, texts of at most 1024 characters. Canonical: in the order of their names. */
export function parseAnnotations(given: Annotations, field = 'annotations'): Annotations | Rejected {
  const entries = Object.entries(given).sort(([one], [other]) => (one < other ? -1 : 1));
  if (entries.length > 64) return invalid(field, `${entries.length} are too many`, 'at most 64');
  for (const [name, text] of entries) {
    if (!/^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/.test(name))
      return invalid(field, `the name ${show(name)} is not usable`, '1–63 of letters, digits and . _ / -');
    if (text.length > 1024 || hasControl(text))
      return invalid(field, `the text of ${name} is not usable`, 'at most 1024 characters, no control characters');
  }
  return Object.fromEntries(entries);
}

/** Parses what people write about a machine: one line of at most 2000 characters. */
export function parseDescription(text: string, field = 'description'): string | Rejected {
  if (text.length <= 2000 && !hasControl(text)) return text;
  return invalid(field, 'it is not usable', 'one line of at most 2000 characters, no control characters');
}

/** Parses the name of a kernel that tools of MAAS ask for, such as hwe-22.04; empty: none. */
export function parseKernelName(text: string, field = 'minHweKernel'): string | Rejected {
  if (/^[A-Za-z0-9._+-]{0,64}$/.test(text)) return text;
  return invalid(field, `${show(text)} is not usable`, 'at most 64 letters, digits and . _ + -');
}

/** Parses an architecture as tools of MAAS say it, such as arm64/generic; empty: none. */
export function parseArchitecture(text: string, field = 'expectedArchitecture'): string | Rejected {
  if (/^(?:[a-z0-9]{1,16}\/[A-Za-z0-9._+-]{1,64})?$/.test(text)) return text;
  return invalid(field, `${show(text)} is not usable`, 'an architecture and what it is of it, such as arm64/generic');
}

const hasControl = (text: string): boolean => /\p{Cc}/u.test(text);
