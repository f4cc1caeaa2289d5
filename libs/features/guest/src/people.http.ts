import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { callerOf } from '@state-server/identity';
import { okAnswer, readRequest, respond, type RestReply, type RestRequest } from '@state-server/platform';
import { GUESTS_DEPS, type GuestsDeps } from './guest-deps';
import { listPeople } from './list-people';

/** REST for who is in a brane now. */
@Controller('brane/:id/people')
export class PeopleHttp {
  constructor(@Inject(GUESTS_DEPS) private readonly deps: GuestsDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('people.list', request);
    const { user_id } = callerOf(request);
    respond(reply, okAnswer({ items: await listPeople(this.deps, { user_id, brane_id: params.id }) }));
  }
}
