import { CHANGE, FORM } from './base/change.ts';
import { COMMON } from './base/common.ts';
import { DOCTOR } from './cluster/doctor.ts';
import { LOGIN } from './people/login.ts';
import { NODES } from './cluster/nodes.ts';
import { NOTES } from './people/notes.ts';
import { OVERVIEW } from './site/overview.ts';
import { PAGES } from './base/pages.ts';
import { SUBNETS } from './networks/subnets.ts';
import { SERVICES } from './cluster/services.ts';

/** Sentences of the first page and the frame, by key; `late.ts` has those of later pages, too. */
export const EN = {
  ...COMMON,
  change: CHANGE,
  doctor: DOCTOR,
  form: FORM,
  login: LOGIN,
  nodes: NODES,
  notes: NOTES,
  overview: OVERVIEW,
  pages: PAGES,
  services: SERVICES,
  subnets: SUBNETS,
} as const;
