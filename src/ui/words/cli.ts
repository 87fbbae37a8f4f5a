/** The same by CLI: the commands of each page. NAME, NODE, SERVICE stand for what is chosen. */
export const CLI = {
  overview: ['regent cluster status', 'regent status', 'regent what-if node NAME dies', 'regent events --follow'],
  nodes: ['regent node list', 'regent cluster status', 'regent token create'],
  node: ['regent node show NAME', 'regent service list --node NAME', 'regent node drain NAME'],
  services: ['regent service list', 'regent service actions'],
  service: ['regent service show NODE/SERVICE', 'regent service restart SERVICE --node NODE'],
  doctor: ['regent doctor'],
  vlans: ['regent vlan list', 'regent pairing propose'],
  vlan: [
    'regent vlan show NAME',
    'regent vlan set NAME --dhcp on',
    'regent range list',
    'regent dhcp-snippet list',
    'regent pairing propose',
  ],
  subnet: ['regent subnet show CIDR', 'regent range list --subnet CIDR', 'regent reservation list --subnet CIDR'],
  subnets: ['regent subnet list', 'regent range list', 'regent reservation list'],
  leases: ['regent lease list', 'regent lease release ADDRESS', 'regent reservation create ADDRESS --mac MAC'],
  reservations: ['regent reservation list', 'regent reservation create ADDRESS --mac MAC'],
  domains: ['regent domain list', 'regent domain create NAME', 'regent lookup NAME TYPE'],
  domain: [
    'regent domain show NAME',
    'regent record list --domain NAME',
    'regent record create NAME TYPE DATA',
    'regent lookup NAME SOA',
  ],
  records: ['regent record list', 'regent record create NAME TYPE DATA'],
  racks: ['regent rack list', 'regent rack list --watch'],
  users: ['regent user list', 'regent user create NAME --role operator', 'regent user password NAME'],
  keys: ['regent key list', 'regent key create TITLE', 'regent key revoke TOKEN'],
  'ssh-keys': ['regent ssh-key list', 'regent ssh-key add @KEY'],
  sessions: ['regent session list', 'regent session end ID'],
  tokens: ['regent token list', 'regent token create', 'regent token revoke TOKEN'],
  certificates: ['regent certificate list', 'regent certificate revoke SERIAL'],
  settings: ['regent setting list', 'regent setting set NAME VALUE', 'regent setting set NAME --default'],
  changes: ['regent config history', 'regent config diff'],
  change: ['regent config show ID', 'regent config rollback ID --dry-run'],
  events: ['regent events --newest', 'regent events --follow'],
  audit: ['regent audit list'],
  search: ['regent search TEXT'],
  jobs: ['regent job list --unfinished', 'regent job show NAME', 'regent job abort NAME'],
} as const;

/** Commands with what is chosen in them. */
export function cliLines(lines: readonly string[], chosen: Readonly<Record<string, string>>): readonly string[] {
  return lines.map((line) => line.replace(/\b[A-Z]+\b/g, (word) => chosen[word] ?? word));
}
