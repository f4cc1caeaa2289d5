export { type Quota, type Rate, rateOf, take, type Taken } from './gcra';
export { type SharedDebts, type Spending } from './shared-debts';
