/* Pages of nouns. `npm run openapi` writes this file from their declarations (src/contract/browser-tables.ts). */
export const NOUN_PAGES = {
  "fabric": {"title":"Fabrics","one":"fabric","text":"A fabric is switches that share their VLAN numbers."},
  "space": {"title":"Spaces","one":"space","text":"A space has VLANs that reach each other."},
  "tag": {"title":"Tags","one":"tag","text":"Tags label machines. A tag with a rule is set automatically from hardware; its kernel options apply to every tagged machine."},
  "tsig-key": {"title":"TSIG keys","one":"TSIG key","text":"It signs transfers of zones to other name servers. Without a secret the site makes one and shows it once."},
  "zone": {"title":"Zones","one":"zone","text":"A zone has machines that fail together, such as those of one hall."},
  "resource-pool": {"title":"Resource pools","one":"resource pool","text":"A resource pool has machines that are given out together."},
  "static-route": {"title":"Static routes","one":"static route","text":"A static route leads deployed systems to another network."},
  "package-repository": {"title":"Package repositories","one":"package repository","text":"Machines that are deployed from then on get packages from it."},
  "contact": {"title":"Contacts","one":"contact","text":"Findings about its machine, its rack or the site name it: whom to call."},
} as const;
