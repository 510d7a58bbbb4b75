import { operatorFunction } from '../lib/core/wechat-words.ts';
import { sendMessage, type MessageResult } from '../lib/notify/send-message.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadMessageSending } from '../lib/wiring/notify.ts';

const load = fresh(loadMessageSending);

export const handler = operatorFunction(async (input): Promise<MessageResult> => sendMessage(await load(), input));
