import { type DynamicModule, Module } from '@nestjs/common';
import { SYNC_DOOR_DEPS, SyncDoor, type SyncDoorDeps } from './sync.ws';

@Module({})
export class AppModule {
  static with(deps: SyncDoorDeps): DynamicModule {
    return { module: AppModule, providers: [SyncDoor, { provide: SYNC_DOOR_DEPS, useValue: deps }] };
  }
}
