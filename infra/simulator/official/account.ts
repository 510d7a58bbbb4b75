import { PushConsole } from '../push/console.ts';
import { Menus } from './menus.ts';

/** The official account as its console shows it: the message push, and the custom menus. */
export class OfficialAccount extends PushConsole {
  readonly menus = new Menus();
}
