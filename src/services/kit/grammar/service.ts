import { kindOf } from '../../../core/node-identity.ts';
import type { AnyService, FileSpec, Templates } from '../contract.ts';
import { grammarJudge, type TextJudge } from './grammar.ts';

/** Owner, group and mode of a file. */
type Access = { readonly owner: string; readonly group: string; readonly mode: number };

/** Judges what is to stand in a service's file, by its path below the service's folder. Null: it is a file that the service makes. */
export type FileJudge = (name: string, content: string, access: Access) => string | null;

/** The judge of all files of a service. Throws if a grammar does not fit its template. */
export function judgeOf(service: AnyService, templates: Templates): FileJudge {
  const files = service.files.map((spec: FileSpec<unknown>) => {
    const template = templates[`${kindOf(service.name)}/${spec.template}`];
    if (template === undefined) throw new TypeError(`templates/${service.name}/${spec.template} is missing`);
    return { spec, names: new RegExp(`^(?:${spec.grammar.names})$`, 'u'), judge: grammarJudge(spec, template) };
  });
  return (name, content, access) => {
    const named = files.filter(({ names, spec }) => names.test(name) && isAs(spec, access));
    const reasons = named.map(({ judge }: { judge: TextJudge }) => judge(content));
    if (named.length === 0) return 'no file of this service has such a name, owner and mode';
    return reasons.includes(null) ? null : (reasons[0] ?? null);
  };
}

function isAs(spec: Access, file: Access): boolean {
  return spec.owner === file.owner && spec.group === file.group && spec.mode === file.mode;
}
