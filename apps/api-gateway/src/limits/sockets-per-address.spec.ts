import { SocketsPerAddress } from './sockets-per-address';

describe('WebSocket connections of one address (REST-LIMIT-1)', () => {
  it('are so many at a time, and a place is given back once', () => {
    const sockets = new SocketsPerAddress(2);
    const [first, second] = [sockets.enter('192.0.2.1'), sockets.enter('::ffff:192.0.2.1')];
    expect(sockets.enter('192.0.2.1')).toBeUndefined();
    expect(sockets.enter('192.0.2.2')).toBeDefined();
    first?.();
    first?.();
    const third = sockets.enter('192.0.2.1');
    expect(third).toBeDefined();
    expect(sockets.enter('192.0.2.1')).toBeUndefined();
    for (const leave of [second, third]) leave?.();
    expect(sockets.size).toBe(1);
  });
});
