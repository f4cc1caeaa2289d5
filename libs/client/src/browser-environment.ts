import type { Environment } from '@state-server/domain';
import type { WebSocketConstructor } from './connection';

/** The real clock, randomness and timers of a browser or of Node; the only file of the SDK that touches them. */
export const browserEnvironment: Environment = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  ids: { uuid },
  random: { next: () => Math.random() },
  timers: {
    set: (ms, task) => setTimeout(task, ms),
    clear: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
  },
};

/** `crypto.randomUUID` exists in secure contexts only; random values exist everywhere. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const browserFetch: typeof fetch = (input, init) => fetch(input, init);

/** The global WebSocket; throws where there is none. */
export function browserWebSocket(): WebSocketConstructor {
  if (typeof WebSocket === 'function') return WebSocket as unknown as WebSocketConstructor;
  throw new Error('there is no global WebSocket: pass { WebSocket }');
}
