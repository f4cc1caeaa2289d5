import { fail, ROUTES, type Route, type RouteId } from '@state-server/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DeadlineError, withDeadline } from '../deadline';
import { runInContext, runNow } from '../log/request-context';
import { type Answer, respond } from '../rest/answer';
import type { RestRequest } from '../rest/read-request';
import type { Service } from '../service/service';
import { toPattern } from './route-table';
import { contextOf } from './wire-request';

/** A read that is asked for so often that what stands around it counts. */
export interface PlainRead {
  /** A GET of the route table. */
  readonly id: RouteId;
  /** Throws or rejects with what the error table knows. A body that is the same object again is encoded once. */
  readonly answer: (request: RestRequest) => Answer | Promise<Answer>;
}

/** What stands before the reads, as functions. Both throw what refuses the request. */
export interface PlainGuards {
  /** False where only `admit` can tell: nothing has happened then. */
  readonly admitNow: (request: FastifyRequest, reply: FastifyReply) => boolean;
  readonly admit: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
}

/**
 * Reads as handlers of Fastify, without Nest's context, guards and interceptors around them: the same row of the route
 * table, the same hooks, errors and headers. One that is answered at once makes no promise and no timer; any other has
 * the deadline that all requests have.
 */
export function registerPlainReads(
  server: FastifyInstance,
  service: Service,
  reads: readonly PlainRead[],
  guards: PlainGuards,
): void {
  const { config, environment } = service;
  for (const { id, answer } of reads) {
    const route: Route = ROUTES[id];
    const later = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      await guards.admit(request, reply);
      respond(reply, await answer(request));
    };
    const label = `http.${id}`;
    const finish = async (work: Promise<void>, reply: FastifyReply): Promise<FastifyReply> => {
      try {
        await withDeadline(work, config.REQUEST_TIMEOUT_MS, label, environment.timers);
      } catch (error) {
        const isLate = error instanceof DeadlineError && error.label === label;
        throw isLate ? fail('request.deadline', undefined, undefined, { cause: error }) : error;
      }
      return reply;
    };
    server.route({
      method: route.method,
      url: toPattern(route.path),
      config: { isPlain: true },
      handler: (request, reply) => {
        if (!guards.admitNow(request, reply)) {
          return runInContext(contextOf(request), () => finish(later(request, reply), reply));
        }
        const answered = runNow(contextOf(request), () => answer(request));
        if (answered instanceof Promise) {
          return finish(
            answered.then((ready) => respond(reply, ready)),
            reply,
          );
        }
        respond(reply, answered);
        return undefined;
      },
    });
  }
}
