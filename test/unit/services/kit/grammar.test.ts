import { describe, expect, it } from 'vitest';
import { CASES } from '../../../kit/snapshots.ts';
import { goldenTemplates, renderedCase } from '../../../kit/goldens.ts';
import { SERVICES } from '../../../../src/services/registry.ts';
import { judgeOf } from '../../../../src/services/kit/grammar/service.ts';

const templates = goldenTemplates();

describe.each(SERVICES.map((service) => [service.name, service] as const))('the grammar of %s', (name, service) => {
  it.each(Object.keys(CASES))('takes all files of the case %s', (caseName) => {
    const judge = judgeOf(service, templates);
    const refused = renderedCase(name, caseName, templates).flatMap(({ target, content, ...owner }) => {
      const why = judge(target.slice(service.folder.length + 1), content, owner);
      return why === null ? [] : [`${target}: ${why}`];
    });
    expect(refused).toEqual([]);
  });
});
