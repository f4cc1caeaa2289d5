export { AdminUserHttp } from './admin-user.http';
export { changeUser } from './change-user';
export { type DeletedUser, type DeleteUser, deleteUser } from './delete-user';
export { userDeletion } from './delete-user.operation';
export { getUser, seeUser, showUser } from './get-user';
export { InventoryHttp } from './inventory.http';
export { liftSuspension, putRoles, suspendUser, type SuspendUser } from './suspend-user';
export { USER_DEPS, type UserDeps, type UserOperationDeps } from './user-deps';
export { UserHttp } from './user.http';
