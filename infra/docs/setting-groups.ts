/** Groups of settings, in the order in which an operator configures them. */
export const SETTING_GROUPS = {
  'mini-program': 'Mini-program',
  'official-account': 'Official account',
  web: 'Sessions and web pages',
  pay: 'WeChat Pay',
  deployment: 'Domain, webhooks and network',
  limits: 'Limits and the address of the client',
  template: 'Set by the template or by Lambda',
  hosts: 'Hosts, for the local stack and emulators',
} as const;

/** The description of a setting on the page, in Markdown. */
export interface SettingDescription {
  group: keyof typeof SETTING_GROUPS;
  meaning: string;
  /** A value in the right format; the value of a secret is made up. */
  example: string;
  /** The default of the deployment or of Lambda, where the code has no default. */
  deployedDefault?: string;
  /** The reader of a setting that no function reads; the deployment unless set. */
  reader?: string;
}
