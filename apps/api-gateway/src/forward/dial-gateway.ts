import { type Socket, connect } from 'node:net';
import type { Upstream } from './gateway-pool';

export interface DialDeadlines {
  /** Until the TCP connection stands. */
  readonly connectMs: number;
  /** From there until the first bytes of the answer: a frozen gateway accepts, and says nothing. */
  readonly answerMs: number;
}

/** A gateway that took the upgrade (or refused it with an answer for the client), paused after its first bytes. */
export interface Answered {
  readonly socket: Socket;
  readonly first: Buffer;
}

/** Enough of a status line to know the status. */
const STATUS_BYTES = 'HTTP/1.1 503'.length;

/**
 * Connects, sends the head (and what the client sent right behind it) and waits for the first bytes of the answer.
 * Rejects when the gateway refuses the connection, does not answer in time or says 503 (draining).
 */
export function dialGateway(
  upstream: Upstream,
  head: string,
  rest: Buffer,
  deadlines: DialDeadlines,
  signal: AbortSignal,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: upstream.host, port: upstream.port, noDelay: true });
    let received = Buffer.alloc(0);
    let timer = setTimeout(
      () => fail(new Error(`no connection within ${deadlines.connectMs} ms`)),
      deadlines.connectMs,
    );

    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('error', fail).off('close', onClose).off('data', onData);
    };
    const fail = (error: Error): void => {
      settle();
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const onAbort = (): void => fail(new Error('the client went away'));
    const onClose = (): void => fail(new Error('closed before it answered'));
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      if (received.length < STATUS_BYTES) return;
      if (received.subarray(9, STATUS_BYTES).toString('latin1') === '503') {
        fail(new Error('answered 503'));
        return;
      }
      settle();
      socket.pause();
      resolve({ socket, first: received });
    };

    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort);
    socket.on('error', fail).on('close', onClose).on('data', onData);
    socket.once('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => fail(new Error(`no answer within ${deadlines.answerMs} ms`)),
        deadlines.answerMs,
      );
      socket.write(head);
      if (rest.length > 0) socket.write(rest);
    });
  });
}
