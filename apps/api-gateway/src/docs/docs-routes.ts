import { dirname } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { asyncApiDocument, openApiDocument } from '@state-server/protocol';
import { asyncApiPage } from './asyncapi-page';
import { PAGE_HEADERS } from './html';
import { SWAGGER_START, swaggerPage } from './swagger-page';

const UI_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

/** /docs: the REST page, the WebSocket page, and both documents, built once from the one set of schemas. */
export async function registerDocs(server: FastifyInstance): Promise<void> {
  const openApi = JSON.stringify(openApiDocument());
  const asyncApi = asyncApiDocument();
  const texts: readonly (readonly [path: string, type: string, text: string])[] = [
    ['/docs', 'text/html', swaggerPage()],
    ['/docs/websocket', 'text/html', asyncApiPage(asyncApi)],
    ['/docs/start.js', 'text/javascript', SWAGGER_START],
    ['/docs/openapi.json', 'application/json', openApi],
    ['/docs/asyncapi.json', 'application/json', JSON.stringify(asyncApi)],
  ];
  await server.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => {
      reply.headers(PAGE_HEADERS);
    });
    for (const [path, type, text] of texts) {
      scope.get(path, (_request, reply) => reply.type(`${type}; charset=utf-8`).send(text));
    }
    await scope.register(fastifyStatic, {
      root: dirname(require.resolve('swagger-ui-dist/package.json')),
      prefix: '/docs/ui/',
      index: false,
      allowedPath: (path) => UI_FILES.includes(path.replace(/^\//, '')),
    });
  });
}
