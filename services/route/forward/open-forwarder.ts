import type { ForwardTarget } from '#services/route/routes/private-part';
import type { ForwardContext, Forwarder } from './forwarder.ts';
import { openGwmpForwarder, type SocketBudget } from './gwmp/gwmp-forwarder.ts';
import type { HttpQueue } from './http/http-queue.ts';
import { openMqttForwarder } from './mqtt/mqtt-forwarder.ts';

/** The forwarder of a route's target; TargetError where that must not be spoken to. */
export function openForwarder(options: {
  readonly target: ForwardTarget;
  readonly context: ForwardContext;
  readonly posts: HttpQueue;
  readonly sockets: SocketBudget;
}): Forwarder {
  const { target, context, posts, sockets } = options;
  switch (target.kind) {
    case 'gwmp':
      return openGwmpForwarder({ host: target.host, port: target.port, context, budget: sockets });
    case 'http':
      return posts.open(target, context);
    case 'mqtt': {
      const { url, username = null, password = null, prefix = '' } = target;
      return openMqttForwarder({ target: { url, username, password, prefix }, context });
    }
  }
}
