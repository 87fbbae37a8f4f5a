import type { RouteId } from '../contract/routes.ts';
import { domainCases } from './nouns/domain.ts';
import { machineCases } from './nouns/machine.ts';
import { nodeCases } from './nouns/node.ts';
import { recordCases } from './nouns/record.ts';
import { settingCases } from './nouns/setting.ts';
import { statusCases } from './nouns/status.ts';
import { subnetCases } from './nouns/subnet.ts';
import { userCases } from './nouns/user.ts';
import type { ReadCase, WriteCase } from './use-case.ts';

/** The use case of every call of the table; a call without one does not compile. */
export const CASES = {
  ...statusCases,
  ...domainCases,
  ...recordCases,
  ...machineCases,
  ...subnetCases,
  ...settingCases,
  ...nodeCases,
  ...userCases,
} satisfies { [I in RouteId]: ReadCase<I> | WriteCase<I> };
