export * from './bullmq-queue';
