export { rateLimit, rateLimitPolicy } from './headers';
export { type LimitedQuota, Limiter, type LimiterOptions, type Spent } from './limiter';
export { quota } from './quota-field';
export { addressKey } from './address-key';
