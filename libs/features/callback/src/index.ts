export { CALLBACK_DEPS, type CallbackDeps, CallbackHttp } from './callback.http';
export { recordCallback, type RecordCallback } from './record-callback';
export { ReplayMemory } from './replay-memory';
export { verifyWebhook, type WebhookCheck } from './verify-webhook';
export { parseWebhookSecret } from './webhook-secret';
