export * from './committer';
