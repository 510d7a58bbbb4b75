import { consumer } from '../lib/events/consumer.ts';
import { sendReply } from '../lib/mini-program/send-reply.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadMiniapp } from '../lib/wiring/apps.ts';

const load = fresh(loadMiniapp);

export const handler = consumer({
  'mini-program.reply-due': async (event) => sendReply(await load(), event),
});
