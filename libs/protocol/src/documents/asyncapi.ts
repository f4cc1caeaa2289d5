import { CLIENT_FRAMES, type ClientFrameType } from '../frames/client-frames';
import {
  MAX_CLIENT_MESSAGE_BYTES,
  MAX_SNAPSHOT_CHUNK_BYTES,
  PROTOCOL_VERSION,
  SUBPROTOCOLS,
} from '../frames/encode-frame';
import { SERVER_FRAMES } from '../frames/server-brane-frames';
import type { ServerFrameType } from '../frames/server-frames';
import { MEDIA_TYPES } from '../rest/headers';
import type { Schema } from '../rest/route';
import { SHARED_COMPONENTS, toComponents } from './components';
import { frameSummary } from './frame-summaries';
import { pascalCase } from './names';
import type { JsonSchema } from './wire-shapes';

/** What a frame of a client is answered with, besides `system.error`. */
const ANSWERS: Readonly<Record<ClientFrameType, readonly ServerFrameType[]>> = {
  'session.hello': ['session.welcome'],
  'session.refresh': ['session.refreshed'],
  'system.ping': ['system.pong'],
  'brane.join': ['brane.joined', 'brane.snapshot', 'brane.ops', 'brane.synced'],
  'brane.edit': ['brane.ack'],
  'brane.undo': ['brane.ack'],
  'brane.redo': ['brane.ack'],
  'brane.leave': ['brane.left'],
  'brane.interest': [],
  'presence.set': [],
  'action.invoke': [],
};

const DESCRIPTION = [
  `One connection per client at /ws, subprotocol ${SUBPROTOCOLS.cbor} (preferred) or ${SUBPROTOCOLS.json}.`,
  'A frame is a map with a `type`; the `id` of a client frame comes back as `in_reply_to`.',
  'The first frame is session.hello, with an access token or a ticket; nothing secret goes in the URL.',
  `A client sends one frame per message, at most ${MAX_CLIENT_MESSAGE_BYTES} bytes, without unknown fields.`,
  'A message of the server carries one or more frames: a CBOR sequence (RFC 8742), or in JSON an array.',
  'Clients ignore frames and fields that they do not know.',
  `A snapshot comes in parts of at most ${MAX_SNAPSHOT_CHUNK_BYTES} bytes.`,
  'A refused frame is answered with system.error and the connection lives. Close codes 3000–3499: connect again; ' +
    '3500–3999: do not.',
].join('\n');

const CLIENT_TYPES = Object.keys(CLIENT_FRAMES).filter(isClientFrameType);
const SERVER_TYPES = Object.keys(SERVER_FRAMES);

function isClientFrameType(type: string): type is ClientFrameType {
  return Object.hasOwn(CLIENT_FRAMES, type);
}

/** AsyncAPI 3.0 of the WebSocket. */
export function asyncApiDocument(): JsonSchema {
  const frames: Readonly<Record<string, Schema>> = { ...CLIENT_FRAMES, ...SERVER_FRAMES };
  const named = Object.fromEntries(
    Object.entries(frames).map(([type, schema]) => [pascalCase(type), [schema, frameSummary(type)] as const]),
  );
  return {
    asyncapi: '3.0.0',
    info: { title: 'State server: WebSocket', version: `${PROTOCOL_VERSION}.0.0`, description: DESCRIPTION },
    defaultContentType: MEDIA_TYPES.cbor,
    servers: {
      local: { host: '127.0.0.1:4000', protocol: 'ws', description: 'The one origin of ./dev up.' },
    },
    channels: {
      ws: {
        address: '/ws',
        messages: Object.fromEntries(
          Object.keys(frames).map((type) => [
            pascalCase(type),
            { $ref: `#/components/messages/${pascalCase(type)}` },
          ]),
        ),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
      },
    },
    operations: { ...Object.fromEntries(CLIENT_TYPES.map(received)), ...sentOperation() },
    components: {
      messages: Object.fromEntries(Object.keys(frames).map((type) => [pascalCase(type), message(type)])),
      schemas: toComponents({ ...SHARED_COMPONENTS, ...named }),
    },
  };
}

function message(type: string): JsonSchema {
  return {
    name: type,
    summary: frameSummary(type),
    description: `As ${MEDIA_TYPES.cbor} or ${MEDIA_TYPES.json}, by the subprotocol.`,
    payload: { $ref: `#/components/schemas/${pascalCase(type)}` },
  };
}

const inChannel = (type: string): JsonSchema => ({ $ref: `#/channels/ws/messages/${pascalCase(type)}` });

function received(type: ClientFrameType): [string, JsonSchema] {
  return [
    `receive${pascalCase(type)}`,
    {
      action: 'receive',
      channel: { $ref: '#/channels/ws' },
      summary: frameSummary(type),
      messages: [inChannel(type)],
      reply: {
        channel: { $ref: '#/channels/ws' },
        messages: [...ANSWERS[type], 'system.error'].map(inChannel),
      },
    },
  ];
}

function sentOperation(): Readonly<Record<string, JsonSchema>> {
  return {
    sendFrames: {
      action: 'send',
      channel: { $ref: '#/channels/ws' },
      summary: 'What the server sends, asked for or not.',
      messages: SERVER_TYPES.map(inChannel),
    },
  };
}
