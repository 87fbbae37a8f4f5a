import { failed, type PowerDriver, type PowerFailure, type PowerLine } from '../driver.ts';

/** Someone at the machine switches it: every order is accepted and left to that person; the state cannot be queried. */
export const manual: PowerDriver = {
  type: 'manual',
  label: 'Manual',
  settings: [],
  isQueryable: false,
  canSetBoot: false,
  bmcOf: () => null,
  doorOf: () => ({ kind: 'nowhere' }),
  hostsOf: () => [],
  open: async () => LINE,
};

const LINE: PowerLine = {
  query: async () => 'unknown',
  on: async () => 'accepted',
  off: async () => 'accepted',
  bootNext: async (): Promise<PowerFailure> =>
    failed('unsupported', 'Regent cannot set the boot device of this machine.', 'Choose the network in its firmware.'),
  learned: () => ({}),
  close: async () => {},
};
