export { ActivityMeter, type ActivityMeterDeps } from './activity-meter';
export { ANALYTICS_DEPS, type AnalyticsDeps, AnalyticsHttp } from './analytics.http';
export { applyActivity } from './apply-activity';
export { openActivityMeter } from './open-activity-meter';
export { type ListPopular, listPopular, type Popular } from './list-popular';
