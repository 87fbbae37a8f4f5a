import { openEtcd } from '../../src/main/region/etcd/etcd.ts';

/** Asks the etcd of this network for the learners of its store, as regiond does. Arguments: folder of ca.crt, node.crt and node.key, port. */
const [folder = '', port = '2379'] = process.argv.slice(2);
const at = (name: string) => `${folder}/${name}`;
const etcd = openEtcd({ authority: at('ca.crt'), certificate: at('node.crt'), key: at('node.key') }, Number(port));
process.stdout.write(JSON.stringify(await etcd.storedLearners()));
