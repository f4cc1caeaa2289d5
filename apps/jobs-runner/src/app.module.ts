import { Module } from '@nestjs/common';

/** No door of its own besides health and metrics, which the platform opens. */
@Module({})
export class AppModule {}
