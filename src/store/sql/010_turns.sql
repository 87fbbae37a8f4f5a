-- The next region node is let in when the etcd of the one before has a vote, not when its database has followed too: two may be joining at a
-- time. Joins are decided one after the other under a lock (region/trust/rack-node.ts).
drop index nodes_one_region_joins;
