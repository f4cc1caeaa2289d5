export { type ListSessions, listSessions } from './list-sessions';
export { WEBSOCKET_DEPS, type WebSocketDeps, WebSocketHttp } from './websocket.http';
