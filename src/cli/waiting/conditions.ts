/** What `--wait` waits for, by the name that a command's declaration has. The help of `--wait` is made of it, and nothing else says it. */
export const WAITS = {
  nodes: 'every node has applied the change and its services are healthy',
  servers:
    'every node has applied the change, and each VLAN is served by its primary rack while its secondary rack stands by',
  leaseEnd: 'no DHCP server has the lease any more',
  jobEnd: 'the job has ended, well or not',
  answer: 'the node has answered, or the time of the query is over',
  nothing: 'the region has answered: nothing goes on after that',
  commission: 'each machine is ready, or its commissioning has failed',
  test: 'the tests of each machine have ended, passed or failed',
  deploy: 'each machine is deployed, or its deployment has failed',
  release: 'each machine is ready again, or its release has failed',
  rescue: 'each machine is in rescue mode, or has failed to enter it',
  exitRescue: 'each machine has left rescue mode, or has failed to leave it',
  abort: 'what each machine did has ended',
} as const;

/** Name of a condition. */
export type WaitCondition = keyof typeof WAITS;
