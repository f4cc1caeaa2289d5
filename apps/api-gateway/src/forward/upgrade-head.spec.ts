import { hasBody, upgradeHead } from './upgrade-head';

describe('the head of a forwarded upgrade', () => {
  const request = (fields: Record<string, string>): Parameters<typeof upgradeHead>[0] => ({
    method: 'GET',
    url: '/ws?x=1',
    headers: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value])),
    rawHeaders: Object.entries(fields).flat(),
  });

  it('drops what belongs to one hop, and what Connection names (REST-SPLICE-2)', () => {
    const head = upgradeHead(
      request({
        Host: 'world.example',
        Connection: 'keep-alive, Upgrade, X-Hop',
        'X-Hop': 'secret',
        'Keep-Alive': 'timeout=5',
        'Proxy-Authorization': 'Basic x',
        Upgrade: 'WebSocket',
        'Sec-WebSocket-Key': 'abc',
        'X-Request-Id': 'claimed',
      }),
      { client: '192.0.2.1', proto: 'https', requestId: 'r1' },
    );
    expect(head).toBe(
      [
        'GET /ws?x=1 HTTP/1.1',
        'Host: world.example',
        'Sec-WebSocket-Key: abc',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'X-Forwarded-For: 192.0.2.1',
        'X-Forwarded-Proto: https',
        'X-Request-Id: r1',
        'X-Forwarded-Host: world.example',
        '\r\n',
      ].join('\r\n'),
    );
  });

  it('knows a request with a body', () => {
    expect(hasBody(request({ 'Content-Length': '0' }))).toBe(false);
    expect(hasBody(request({ 'Content-Length': '1' }))).toBe(true);
    expect(hasBody(request({ 'Transfer-Encoding': 'chunked' }))).toBe(true);
  });
});
