import { DEDUPE_MS, UNDO_HORIZON_MS } from '@state-server/features-upkeep';
import { commonFields, commonRules, defineConfig, integer } from '@state-server/platform';
import { mailFields, mailRules } from './mail-fields';

const every = { min: 100, max: 86_400_000 };
const span = { min: 0, max: 10 * 365 * 86_400_000 };

/** Settings of jobs-runner. */
export const config = defineConfig(
  {
    ...commonFields({ service: 'jobs-runner', port: 4003, metricsPort: 4053 }),
    UPKEEP_EVERY_MS: integer(every, {
      description: 'How often what has outlived its time is looked for.',
      unit: 'ms',
      default: '600000',
    }),
    OUTBOX_EVERY_MS: integer(every, {
      description: 'How often work that waits in the outbox is handed on.',
      unit: 'ms',
      default: '5000',
    }),
    CHECKPOINTS_EVERY_MS: integer(every, {
      description: 'How often branes whose log has grown are looked at for a new checkpoint.',
      unit: 'ms',
      default: '5000',
    }),
    POPULARITY_EVERY_MS: integer(every, {
      description: 'How often what was counted is added to the popularity of branes and prototypes.',
      unit: 'ms',
      default: '10000',
    }),
    LOG_RETENTION_DAYS: integer(
      { min: 0, max: 36_500 },
      {
        description:
          'How long entries stay in the log of a brane, for undo, history and clients that come back; 0 keeps them for ever.',
        unit: 'days',
        default: '0',
      },
    ),
    AUDIT_RETENTION_DAYS: integer(
      { min: 0, max: 36_500 },
      {
        description: 'How long entries of the audit log are kept; 0 keeps them for ever.',
        unit: 'days',
        default: '400',
      },
    ),
    UNDO_HORIZON_MS: integer(span, {
      description: 'How long a deleted subtree can be brought back by an undo.',
      unit: 'ms',
      default: String(UNDO_HORIZON_MS),
    }),
    DEDUPE_MS: integer(span, {
      description: 'How long the op id of an edit is remembered.',
      unit: 'ms',
      default: String(DEDUPE_MS),
    }),
    ...mailFields,
  },
  [...commonRules, ...mailRules],
);
