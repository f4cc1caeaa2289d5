export { type Actor, ANONYMOUS, asRecorded, asUser, type Bar, barTo, type Somebody, SYSTEM } from './actor';
export { can, type Decision, mayModerate, type Resources, standingIn, standingTo } from './can';
export {
  type Action,
  type ActionOn,
  type KindOf,
  type ResourceKind,
  RIGHTS,
  type StandingIn,
} from './rights';
export { SCOPE_OF, type ScopeRule } from './scopes';
