import { answerLines } from '../child/lines.ts';
import { getThroughProxy, type ProxyAnswer, type ProxyQuestion } from './proxy-get.ts';

/* A client of an HTTP proxy as a program, to be run in a network namespace: questions and answers are lines (`startProxyAsker`). */
answerLines<ProxyQuestion, ProxyAnswer>(getThroughProxy);
