import { join } from 'node:path';
import { builtProgram } from '../build/app-bundle';
import { type App } from '../workspace';

/** What is to run: decided from the options alone, before anything is started. */
export interface ServicePlan {
  /** Unique in the plan: the app's name, with a number where several of it run. */
  readonly name: string;
  readonly app: App;
  readonly port: number;
  readonly metricsPort: number;
  /** What a person or another service opens. */
  readonly url: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Plan {
  readonly origin: string;
  readonly services: readonly ServicePlan[];
  /** Every port that must be free before the start. */
  readonly ports: readonly number[];
}

export interface PlanOptions {
  readonly port: number;
  readonly gateways: number;
  readonly dataDir: string;
  readonly redisUrl: string;
  readonly keySetFile: string;
  readonly internalSecretsFile: string;
  readonly callbackSecret: string;
  readonly logLevel: string;
  readonly settingsDir?: string | undefined;
}

/** The settings file of one process. */
export const settingsFile = (folder: string, name: string): string => join(folder, `${name}.env`);

const HOST = '127.0.0.1';
const at = (port: number): string => `http://${HOST}:${port}`;

/** Port of each part as an offset from the origin's. */
const OFFSET = { auth: 1, callbackIngest: 2, jobsRunner: 3, gateways: 10, metrics: 50, redis: 90 } as const;

export const redisPort = (originPort: number): number => originPort + OFFSET.redis;

export function planOf(options: PlanOptions): Plan {
  const { port, gateways } = options;
  const verify = {
    JWT_ISSUER: at(port),
    JWT_AUDIENCE: 'state-server',
    JWT_JWKS_URL: `${at(port + OFFSET.auth)}/auth/.well-known/jwks.json`,
  };
  const internal = { INTERNAL_SECRETS_FILE: options.internalSecretsFile };
  const gatewayPorts = Array.from({ length: gateways }, (_, index) => port + OFFSET.gateways + index);
  const origins = { ALLOWED_ORIGINS: `${at(port)},http://localhost:${port}` };

  const own: readonly { name: string; app: App; port: number; env: Record<string, string> }[] = [
    {
      name: 'api-gateway',
      app: 'api-gateway',
      port,
      env: {
        ...verify,
        ...origins,
        ...internal,
        AUTH_URL: at(port + OFFSET.auth),
        SYNC_GATEWAY_URLS: gatewayPorts.map(at).join(','),
      },
    },
    {
      name: 'auth',
      app: 'auth',
      port: port + OFFSET.auth,
      env: { ...verify, ...internal, JWT_KEY_SET_FILE: options.keySetFile, DEV_AUTH: 'true' },
    },
    {
      name: 'callback-ingest',
      app: 'callback-ingest',
      port: port + OFFSET.callbackIngest,
      env: { CALLBACK_SECRETS: options.callbackSecret },
    },
    { name: 'jobs-runner', app: 'jobs-runner', port: port + OFFSET.jobsRunner, env: {} },
    ...gatewayPorts.map((gatewayPort, index) => ({
      name: `sync-gateway-${index + 1}`,
      app: 'sync-gateway' as const,
      port: gatewayPort,
      env: { ...verify, ...origins, ...internal },
    })),
  ];
  const services = own.map((service, index) => complete(service, port + OFFSET.metrics + index, options));
  return {
    origin: at(port),
    services,
    ports: services.flatMap((service) => [service.port, service.metricsPort]),
  };
}

function complete(
  service: { name: string; app: App; port: number; env: Record<string, string> },
  metricsPort: number,
  options: PlanOptions,
): ServicePlan {
  return {
    ...service,
    metricsPort,
    url: at(service.port),
    program: builtProgram(service.app),
    env: {
      NODE_ENV: 'development',
      HOST,
      PORT: String(service.port),
      METRICS_PORT: String(metricsPort),
      LOG_LEVEL: options.logLevel,
      DATA_DIR: options.dataDir,
      STORE_PATH: join(options.dataDir, 'store'),
      REDIS_URL: options.redisUrl,
      SERVICE_NAME: service.app,
      INSTANCE_ID: service.name,
      ...(options.settingsDir === undefined
        ? {}
        : { CONFIG_FILE: settingsFile(options.settingsDir, service.name) }),
      ...service.env,
    },
  };
}
