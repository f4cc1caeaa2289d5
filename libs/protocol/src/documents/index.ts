export { asyncApiDocument } from './asyncapi';
export { errorsPage } from './errors-page';
export { openApiDocument } from './openapi';
