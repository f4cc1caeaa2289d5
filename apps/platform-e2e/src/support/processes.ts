import { join } from 'node:path';
import { DevSystem } from '@state-server/testing';

/** The system under test: start-system.cjs has started it. */
export const system = new DevSystem({
  root: join(__dirname, '../../../..'),
  port: Number(process.env['E2E_PORT']),
  data: process.env['E2E_DATA'] ?? '',
});
