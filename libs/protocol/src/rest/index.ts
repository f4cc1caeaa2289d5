export { errorsOf } from './errors-of';
export * from './headers';
export type * from './object-parts';
export { PAGE } from './page';
export type * from './prototype-requests';
export type * from './requests';
export type * from './resources';
export { BODY_BYTES, type LimitClass, limitClassOf, type Route, type RouteTable } from './route';
export * from './routes';
