import { readFileSync } from 'node:fs';
import { EtcdRelay } from '../../ha/etcd/way.ts';

/*
 * `node etcd-way.ts FOLDER PLACE…`: Patroni's way to these etcds in the network that this is started in, with the certificate in FOLDER. Ends
 * with its standard input.
 */
const [folder = '', ...places] = process.argv.slice(2);
const read = (name: string) => readFileSync(`${folder}/${name}`);
const way = new EtcdRelay(
  () => {},
  () => false,
);
way.lead(places, { ca: read('ca.crt'), cert: read('node.crt'), key: read('node.key') });
await way.listen(2378);
process.stdin.resume().on('end', () => process.exit(0));
