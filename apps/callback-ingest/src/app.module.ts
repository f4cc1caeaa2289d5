import { type DynamicModule, Module } from '@nestjs/common';
import { CALLBACK_DEPS, type CallbackDeps, CallbackHttp } from '@state-server/features-callback';

/** The one door of callback-ingest: a signature, not a token, says who comes. */
@Module({})
export class AppModule {
  static with(deps: CallbackDeps): DynamicModule {
    return {
      module: AppModule,
      controllers: [CallbackHttp],
      providers: [{ provide: CALLBACK_DEPS, useValue: deps }],
    };
  }
}
