import { describe, expect, it } from 'vitest';
import { diffBodies } from '../../../../src/region/base/preview.ts';
import type { NodeBody } from '../../../../src/services/compile-node.ts';
import { FAKE_TEMPLATES, fakeService } from '../../../kit/fake-service.ts';
import { FACTS } from '../../../kit/snapshots.ts';

const body = (serial: number) =>
  ({ services: { fake: { desired: { serial, mood: 'fine', items: ['a'] } } } }) as unknown as NodeBody;
const node = { id: 'n1', name: 'r1', facts: FACTS };

describe('the preview of a change', () => {
  it('shows every file, and none that is a copy for the checker', () => {
    const service = fakeService();
    const [main, item] = service.files;
    if (!main || !item) throw new Error('the fake service has two kinds of files');
    const files = [
      {
        ...main,
        instances: (view: Parameters<typeof main.instances>[0]) => [
          { target: '/etc/fake/check/main.conf', view: view.main, isCopy: true },
          ...main.instances(view),
        ],
      },
      item,
    ];
    const renderer = { services: [{ ...service, files }], templates: FAKE_TEMPLATES };
    const diffs = diffBodies(renderer as never, node, { before: body(1), after: body(2) });
    expect(diffs.map(({ target, change }) => [target, change])).toEqual([
      ['/etc/fake/items/a', 'changed'],
      ['/etc/fake/main.conf', 'changed'],
    ]);
    const gone = diffBodies(renderer as never, node, { before: body(1), after: null });
    expect(gone.map(({ target }) => target)).toEqual(['/etc/fake/items/a', '/etc/fake/main.conf']);
  });
});
