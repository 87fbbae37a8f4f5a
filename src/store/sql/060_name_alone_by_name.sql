-- Records of a name are found by the name: a plan that was made while there were few of them went through all of them, for each new one.
alter function check_name_alone() set enable_seqscan = off;
