export { createRedisDebts, type RedisDebtsOptions } from './redis-debts';
