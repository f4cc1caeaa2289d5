import { runService } from '@state-server/platform';
import { config } from './config';
import { start } from './start';

void runService({ config, start });
