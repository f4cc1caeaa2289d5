export { getUser } from './get-user';
export { type RenameUser, renameUser } from './rename-user';
export { USER_DEPS, type UserDeps, UserHttp } from './user.http';
