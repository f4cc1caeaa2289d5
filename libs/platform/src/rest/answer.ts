import { HEADERS, type StateSeq, formatStateSeq, toETag } from '@state-server/protocol';

type AnswerHeaders = Readonly<Record<string, string>>;

/** What a REST door answers, before it is encoded for the client. */
export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Absent for 204. */
  readonly body?: unknown;
}

/** Where an answer is put; Fastify's reply fits. */
export interface RestReply {
  code(status: number): RestReply;
  header(name: string, value: string): RestReply;
  send(body?: unknown): RestReply;
}

export function respond(reply: RestReply, answer: Answer): void {
  for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value);
  reply.code(answer.status).send(answer.body);
}

export function okAnswer(body: unknown, headers: AnswerHeaders = {}): Answer {
  return { status: 200, headers, body };
}

export function createdAnswer(location: string, body: unknown, headers: AnswerHeaders = {}): Answer {
  return { status: 201, headers: { location, ...headers }, body };
}

/** Long work was begun (SYNC S3): `location` is where its operation is seen. */
export function acceptedAnswer(location: string, body: unknown, headers: AnswerHeaders = {}): Answer {
  return { status: 202, headers: { location, ...headers }, body };
}

export function emptyAnswer(headers: AnswerHeaders = {}): Answer {
  return { status: 204, headers };
}

/** `State-Seq: epoch:seq`: where the brane's log stood (SYNC R7). */
export function stateSeqHeader(position: StateSeq): AnswerHeaders {
  return { [HEADERS.stateSeq]: formatStateSeq({ epoch: position.epoch, seq: position.seq }) };
}

export function etagHeader(version: number): AnswerHeaders {
  return { etag: toETag(version) };
}
