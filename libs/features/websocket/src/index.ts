export { WEBSOCKET_DEPS, type WebSocketDeps, WebSocketHttp } from './websocket.http';
