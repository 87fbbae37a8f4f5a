import { answerLines } from '../child/lines.ts';
import { openMachines, type LeaseResult, type LeaseRequest } from './machines.ts';

/* Machines' DHCP clients as a program, to be run in a network namespace: requests and results are lines (`startDhcpAsker`). */
openMachines((machines) => answerLines<LeaseRequest, LeaseResult>((request, done) => machines.grant(request, done)));
