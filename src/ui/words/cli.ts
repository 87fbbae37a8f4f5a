/** The same by CLI: the commands of each page. NAME, NODE, SERVICE stand for what is chosen. */
export const CLI = {
  overview: ['regent cluster status', 'regent status', 'regent what-if node NAME dies', 'regent events --follow'],
  nodes: ['regent node list', 'regent cluster status', 'regent token create'],
  node: ['regent node show NAME', 'regent service list --node NAME', 'regent node drain NAME'],
  services: ['regent service list', 'regent service actions'],
  service: ['regent service show NODE/SERVICE', 'regent service restart SERVICE --node NODE'],
  doctor: ['regent doctor'],
  vlans: ['regent vlan list', 'regent pairing propose'],
  vlan: ['regent vlan show NAME', 'regent vlan set NAME --dhcp on'],
  subnets: ['regent subnet list', 'regent range list', 'regent reservation list'],
  leases: ['regent lease list'],
  racks: ['regent rack list', 'regent rack list --watch'],
  machines: ['regent machine list', 'regent machine list --state ready', 'regent machine create NAME --mac MAC'],
  'machine-summary': [
    'regent machine show NAME',
    'regent machine timeline NAME --follow',
    'regent machine commission NAME --wait',
  ],
  'machine-hardware': ['regent machine show NAME'],
  'machine-network': ['regent interface list NAME', 'regent interface create NAME'],
  'machine-storage': ['regent storage show NAME', 'regent storage lay-out NAME --layout lvm'],
  'machine-scripts': ['regent machine results NAME', 'regent machine test NAME'],
  'machine-events': ['regent events --subject NAME'],
  images: [
    'regent image list',
    'regent image upload FILE --name NAME --architecture amd64',
    'regent image sync --show',
  ],
  image: ['regent image show NAME', 'regent image set-default NAME', 'regent image delete NAME'],
  drills: ['regent drill list', 'regent drill history', 'regent drill run planned-switchover --dry-run'],
  round: ['regent drill show ID', 'regent drill export ID --format html'],
  'what-if': ['regent what-if node NAME dies', 'regent what-if node NAME drains'],
  jobs: ['regent job list --unfinished', 'regent job show NAME', 'regent job abort NAME'],
} as const;

/** Commands with what is chosen in them. */
export function cliLines(lines: readonly string[], chosen: Readonly<Record<string, string>>): readonly string[] {
  return lines.map((line) => line.replace(/\b[A-Z]+\b/g, (word) => chosen[word] ?? word));
}
